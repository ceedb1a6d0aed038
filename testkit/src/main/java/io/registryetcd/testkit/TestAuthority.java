package io.registryetcd.testkit;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** A certificate authority (X.509 v3, RFC 5280) with keys on the curve P-256. */
final class TestAuthority {
  private static final byte[] ECDSA_WITH_SHA256 =
      Der.sequence(Der.oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  private static final byte[] COMMON_NAME = Der.oid(0x55, 0x04, 0x03);
  private static final byte[] BASIC_CONSTRAINTS = Der.oid(0x55, 0x1d, 0x13);
  private static final byte[] ALTERNATIVE_NAMES = Der.oid(0x55, 0x1d, 0x11);
  private static final int DNS_NAME = 0x82;
  private static final int IP_ADDRESS = 0x87;

  private final String name;
  private final KeyPair keys = keys();

  TestAuthority(String name) {
    this.name = name;
  }

  void writeOwn(Path file, Instant from, Instant until) throws IOException {
    byte[] isAuthority = Der.octets(Der.sequence(Der.yes()));
    byte[] extension = Der.sequence(BASIC_CONSTRAINTS, Der.yes(), isAuthority);
    writePem(file, "CERTIFICATE", sign(name, keys, validity(from, until), extension));
  }

  /** Writes a new key and its certificate. */
  void issue(TestCertificates.Pair files, String subject, List<String> hosts, byte[] validity)
      throws IOException {
    KeyPair own = keys();
    byte[] certificate = sign(subject, own, validity, alternativeNames(hosts));
    writePem(files.certificate(), "CERTIFICATE", certificate);
    writePem(files.key(), "PRIVATE KEY", own.getPrivate().getEncoded());
  }

  static byte[] validity(Instant from, Instant until) {
    return Der.sequence(Der.time(from), Der.time(until));
  }

  private byte[] sign(String subject, KeyPair own, byte[] validity, byte[] extension) {
    byte[] content =
        Der.sequence(
            Der.tagged(0xa0, Der.integer(BigInteger.TWO)),
            Der.integer(BigInteger.valueOf(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE))),
            ECDSA_WITH_SHA256,
            name(name),
            validity,
            name(subject),
            own.getPublic().getEncoded(),
            Der.tagged(0xa3, Der.sequence(extension)));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(keys.getPrivate());
      signature.update(content);
      return Der.sequence(content, ECDSA_WITH_SHA256, Der.bits(signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new TestEtcdException("could not sign a certificate", e);
    }
  }

  private static byte[] name(String commonName) {
    return Der.sequence(Der.set(Der.sequence(COMMON_NAME, Der.text(commonName))));
  }

  private static byte[] alternativeNames(List<String> hosts) throws IOException {
    List<byte[]> names = new ArrayList<>();
    for (String host : hosts) {
      boolean address = host.contains(":") || host.matches("[0-9.]+");
      names.add(
          address
              ? Der.tagged(IP_ADDRESS, InetAddress.getByName(host).getAddress())
              : Der.tagged(DNS_NAME, host.getBytes(StandardCharsets.US_ASCII)));
    }
    byte[] all = Der.sequence(names.toArray(byte[][]::new));
    return Der.sequence(ALTERNATIVE_NAMES, Der.octets(all));
  }

  private static void writePem(Path file, String type, byte[] content) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new TestEtcdException("could not make a key", e);
    }
  }
}
