package io.registryetcd.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateKeysTest {

  private static final Path FILE = Path.of("key.pem");

  /** Made for this test by {@code openssl ecparam -name prime256v1 -genkey}; guards nothing. */
  private static final String TEST_KEY_P256 =
      """
      -----BEGIN EC PARAMETERS-----
      BggqhkjOPQMBBw==
      -----END EC PARAMETERS-----
      -----BEGIN EC PRIVATE KEY-----
      MHcCAQEEIDpX7thx8BqpCS1BjpCDaVx0dtHxuzaE9jXWMHMyGS1OoAoGCCqGSM49
      AwEHoUQDQgAEOmfdTxuQmglY08n1EfJMOvg7E92XJF6Fdh7WOxhl2IE1whjkuy0I
      UkVLALwS2JYYxOvXXw8356HbCV85VPwgFg==
      -----END EC PRIVATE KEY-----
      """;

  /** Made for this test by {@code openssl ecparam -name secp384r1 -genkey}; guards nothing. */
  private static final String TEST_KEY_P384 =
      """
      -----BEGIN EC PARAMETERS-----
      BgUrgQQAIg==
      -----END EC PARAMETERS-----
      -----BEGIN EC PRIVATE KEY-----
      MIGkAgEBBDBFtCAPHPp/jjGKIvzyOIFtncePNqRS3AM9V3XDx4Ma1R4MKPvFoX/x
      p/nySwCXtNmgBwYFK4EEACKhZANiAATS961eydL8qkX6m+pTlthnmCOD7GmKoDnB
      pkQKIpJeNhGa+C1yyGyyUVlBHEOpq7U9LNJawE5asSqOAz17I/2VVZM/fPRDmVKE
      NO1S4rcInTIGYuvvSdpGpz96NK9Gc5Y=
      -----END EC PRIVATE KEY-----
      """;

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void readsPkcs8(String algorithm) throws GeneralSecurityException {
    PrivateKey key = KeyPairGenerator.getInstance(algorithm).generateKeyPair().getPrivate();
    assertThat(PrivateKeys.parse(FILE, pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
  }

  @Test
  void readsRsaInPkcs1() throws GeneralSecurityException {
    PrivateKey key = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();
    byte[] pkcs8 = key.getEncoded();
    int header = 4 + 3 + 15 + 4;
    byte[] pkcs1 = Arrays.copyOfRange(pkcs8, header, pkcs8.length);
    assertThat(PrivateKeys.parse(FILE, pem("RSA PRIVATE KEY", pkcs1))).isEqualTo(key);
  }

  @Test
  void readsEcInSec1AfterItsParameters() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    ECPrivateKey key = (ECPrivateKey) generator.generateKeyPair().getPrivate();
    byte[] scalar = key.getS().toByteArray();
    byte[] fixed = new byte[32];
    int used = Math.min(32, scalar.length);
    System.arraycopy(scalar, scalar.length - used, fixed, 32 - used, used);
    ByteArrayOutputStream sec1 = new ByteArrayOutputStream();
    sec1.writeBytes(HexFormat.of().parseHex("3031" + "020101" + "0420"));
    sec1.writeBytes(fixed);
    sec1.writeBytes(HexFormat.of().parseHex("a00a" + "06082a8648ce3d030107"));
    String parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    byte[] pem = pem("EC PRIVATE KEY", sec1.toByteArray());
    String file = parameters + new String(pem, StandardCharsets.US_ASCII);
    ECPrivateKey read =
        (ECPrivateKey) PrivateKeys.parse(FILE, file.getBytes(StandardCharsets.US_ASCII));
    assertThat(read.getS()).isEqualTo(key.getS());
    assertThat(read.getParams().getCurve()).isEqualTo(key.getParams().getCurve());
  }

  @Test
  void readsEcWithItsPublicKeyAsOpensslWritesIt() {
    assertThat(scalar(TEST_KEY_P256))
        .isEqualTo("3a57eed871f01aa9092d418e9083695c7476d1f1bb3684f635d6307332192d4e");
    assertThat(scalar(TEST_KEY_P384))
        .isEqualTo(
            "45b4200f1cfa7f8e318a22fcf238816d9dc78f36a452dc033d5775c3c7831ad5"
                + "1e0c28fbc5a17ff1a7f9f24b0097b4d9");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"})
  void namesTheFileOfAKeyThatCannotBeRead(String form) {
    for (byte[] content :
        new byte[][] {{}, {1}, {0x30, 0x01}, {0x30, (byte) 0x84, 1, 1, 1, 1, 2}}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> PrivateKeys.parse(FILE, pem(form, content)))
          .withMessageContaining("key.pem holds");
    }
  }

  @Test
  void refusesAnEncryptedKey() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PrivateKeys.parse(FILE, pem("ENCRYPTED PRIVATE KEY", new byte[40])))
        .withMessageContaining("ENCRYPTED PRIVATE KEY (expected: unencrypted");
  }

  private static String scalar(String pem) {
    ECPrivateKey key =
        (ECPrivateKey) PrivateKeys.parse(FILE, pem.getBytes(StandardCharsets.US_ASCII));
    return key.getS().toString(16);
  }

  private static byte[] pem(String form, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    String text = "-----BEGIN " + form + "-----\n" + body + "\n-----END " + form + "-----\n";
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
