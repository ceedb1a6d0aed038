package io.registryetcd.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.SignatureException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class TestCertificatesTest {
  @Test
  void eachCertificateIsWhatItsNameSays() throws Exception {
    try (TestCertificates certificates = TestCertificates.create()) {
      X509Certificate authority = read(certificates.authority());
      X509Certificate server = read(certificates.server().certificate());
      assertThat(authority.getBasicConstraints()).isPositive();
      assertThat(server.getSubjectAlternativeNames().toString())
          .contains("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
      server.checkValidity();
      server.verify(authority.getPublicKey());
      read(certificates.client().certificate()).verify(authority.getPublicKey());

      X509Certificate expired = read(certificates.expired().certificate());
      expired.verify(authority.getPublicKey());
      assertThatThrownBy(expired::checkValidity).isInstanceOf(CertificateExpiredException.class);
      assertThat(
              read(certificates.wrongHost().certificate()).getSubjectAlternativeNames().toString())
          .contains("elsewhere.example")
          .doesNotContain("localhost");

      X509Certificate untrusted = read(certificates.untrusted().certificate());
      assertThatThrownBy(() -> untrusted.verify(authority.getPublicKey()))
          .isInstanceOf(SignatureException.class);
      untrusted.verify(read(certificates.otherAuthority()).getPublicKey());
    }
  }

  @Test
  void keysAreReadablePkcs8() throws Exception {
    try (TestCertificates certificates = TestCertificates.create()) {
      String pem = Files.readString(certificates.server().key());
      byte[] content = Base64.getMimeDecoder().decode(pem.replaceAll("-----[A-Z ]+-----", ""));
      assertThatCode(
              () -> KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(content)))
          .doesNotThrowAnyException();
    }
  }

  @Test
  void closeDeletesTheFiles() {
    TestCertificates certificates = TestCertificates.create();
    assertThat(certificates.authority()).exists();
    certificates.close();
    assertThat(certificates.authority().getParent()).doesNotExist();
  }

  private static X509Certificate read(Path file) throws Exception {
    try (InputStream in = Files.newInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
