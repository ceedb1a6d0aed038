package io.registryetcd.etcd;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Reading of PEM files; every failure is an {@link IllegalArgumentException} that names the file.
 */
final class PemFiles {

  private static final char[] NO_PASSWORD = new char[0];

  private PemFiles() {}

  /** Trust in the certificates of a file, and in no others. */
  static TrustManager[] trustManagers(Path file, byte[] pem) {
    Collection<? extends Certificate> certificates = certificates(file, pem);
    try {
      KeyStore store = emptyStore();
      int number = 0;
      for (Certificate certificate : certificates) {
        store.setCertificateEntry("ca" + number++, certificate);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (GeneralSecurityException e) {
      throw unusable(file, "CA certificates", e);
    }
  }

  /** The identity made of a certificate chain and its private key, which must belong together. */
  static KeyManager[] keyManagers(Path chainFile, byte[] chainPem, Path keyFile, byte[] keyPem) {
    Certificate[] chain = certificates(chainFile, chainPem).toArray(Certificate[]::new);
    PrivateKey key = PrivateKeys.parse(keyFile, keyPem);
    try {
      if (!belongTogether(key, chain[0].getPublicKey())) {
        throw new IllegalArgumentException(
            "private key " + keyFile + " does not belong to the certificate " + chainFile);
      }
      KeyStore store = emptyStore();
      store.setKeyEntry("client", key, NO_PASSWORD, chain);
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, NO_PASSWORD);
      return factory.getKeyManagers();
    } catch (GeneralSecurityException e) {
      throw unusable(keyFile, "client certificate and key", e);
    }
  }

  private static Collection<? extends Certificate> certificates(Path file, byte[] pem) {
    try {
      Collection<? extends Certificate> certificates =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem));
      if (!certificates.isEmpty()) {
        return certificates;
      }
    } catch (CertificateException e) {
      throw unusable(file, "PEM certificates", e);
    }
    throw new IllegalArgumentException(file + " holds no PEM certificate");
  }

  private static boolean belongTogether(PrivateKey key, PublicKey certified)
      throws GeneralSecurityException {
    if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
      return false;
    }
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(certified.getEncoded());
    byte[] signed = signature.sign();
    signature.initVerify(certified);
    signature.update(certified.getEncoded());
    return signature.verify(signed);
  }

  private static KeyStore emptyStore() throws GeneralSecurityException {
    return KeyStore.Builder.newInstance(
            "PKCS12", null, new KeyStore.PasswordProtection(NO_PASSWORD))
        .getKeyStore();
  }

  private static IllegalArgumentException unusable(Path file, String what, Exception cause) {
    return new IllegalArgumentException(file + " cannot be used as " + what, cause);
  }
}
