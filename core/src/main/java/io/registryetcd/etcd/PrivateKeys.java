package io.registryetcd.etcd;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reading of unencrypted PEM private keys: PKCS#8, and the older forms that many etcd set-ups have,
 * RSA in PKCS#1 and EC in SEC 1 (RFC 5915). The JDK reads PKCS#8 only, so an older form is wrapped
 * in it: a sequence of version 0, the algorithm, and the old form as an octet string.
 */
final class PrivateKeys {

  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]+)-----END");
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");

  private static final int SEQUENCE = 0x30;
  private static final int OCTET_STRING = 0x04;
  private static final int EC_PARAMETERS = 0xa0;
  private static final byte[] VERSION = HexFormat.of().parseHex("020100");
  private static final byte[] RSA = HexFormat.of().parseHex("06092a864886f70d0101010500");
  private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

  private PrivateKeys() {}

  /**
   * Reads the first private key of a file.
   *
   * @throws IllegalArgumentException if there is none that can be read; the message names the file
   */
  static PrivateKey parse(Path file, byte[] pem) {
    Matcher key = PEM.matcher(new String(pem, StandardCharsets.ISO_8859_1));
    if (!key.find()) {
      throw new IllegalArgumentException(file + " holds no unencrypted PEM private key");
    }
    IllegalArgumentException unreadable =
        new IllegalArgumentException(
            file
                + " holds a private key that cannot be read: "
                + key.group(1)
                + " (expected: unencrypted RSA, EC or Ed25519)");
    try {
      byte[] pkcs8 = pkcs8(key.group(1), Base64.getMimeDecoder().decode(key.group(2)));
      for (String algorithm : ALGORITHMS) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
          unreadable.addSuppressed(e);
        }
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      unreadable.addSuppressed(e);
    }
    throw unreadable;
  }

  private static byte[] pkcs8(String form, byte[] der) {
    return switch (form) {
      case "RSA PRIVATE KEY" -> wrap(RSA, der);
      case "EC PRIVATE KEY" -> wrap(join(EC, curve(der)), der);
      default -> der;
    };
  }

  private static byte[] wrap(byte[] algorithm, byte[] key) {
    return element(
        SEQUENCE, join(join(VERSION, element(SEQUENCE, algorithm)), element(OCTET_STRING, key)));
  }

  /** The curve's name inside an EC key of SEC 1: the content of its element [0]. */
  private static byte[] curve(byte[] sec1) {
    int at = contentStart(sec1, 0);
    while ((sec1[at] & 0xff) != EC_PARAMETERS) {
      at = contentStart(sec1, at) + contentLength(sec1, at);
    }
    int start = contentStart(sec1, at);
    return Arrays.copyOfRange(sec1, start, start + contentLength(sec1, at));
  }

  private static int contentStart(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  private static int contentLength(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = at + 2; i < contentStart(der, at); i++) {
      length = (length << 8) | (der[i] & 0xff);
    }
    return length;
  }

  /** With the shortest form of the length, for DER allows no other. */
  private static byte[] element(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 0x80) {
      out.write(content.length);
    } else if (content.length < 0x100) {
      out.write(0x81);
      out.write(content.length);
    } else {
      out.write(0x82);
      out.write(content.length >> 8);
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }

  private static byte[] join(byte[] first, byte[] second) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(first);
    out.writeBytes(second);
    return out.toByteArray();
  }
}
