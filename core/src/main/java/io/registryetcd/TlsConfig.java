package io.registryetcd;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The PEM files of a TLS connection to etcd.
 *
 * <pre>{@code
 * TlsConfig.trusting(Path.of("ca.pem")).withClientCertificate(Path.of("client.pem"), Path.of("client-key.pem"))
 * }</pre>
 *
 * <p>A file that cannot be read or understood fails the construction of a registry or resolver;
 * there is no fall-back to plaintext and no way to skip the check of host names. Changed files are
 * picked up while running.
 *
 * @param ca the certificates to trust; empty for those of the JVM
 * @param clientCertificate the certificate chain to show to etcd, if it asks for one
 * @param clientKey the key that belongs to it, in PKCS#8, PKCS#1 or SEC 1
 * @since 0.1
 */
public record TlsConfig(
    Optional<Path> ca, Optional<Path> clientCertificate, Optional<Path> clientKey) {

  /**
   * Checks that a certificate comes with its key.
   *
   * @param ca the certificates to trust
   * @param clientCertificate the certificate chain to show
   * @param clientKey the key that belongs to it
   */
  public TlsConfig {
    if (clientCertificate.isPresent() != clientKey.isPresent()) {
      throw new IllegalArgumentException(
          "TLS client certificate: only one of certificate and key is set (expected: both or none)");
    }
  }

  /**
   * TLS with the trusted certificates of a file.
   *
   * @param ca a PEM file of one or more certificates
   * @return the settings
   */
  public static TlsConfig trusting(Path ca) {
    return new TlsConfig(Optional.of(ca), Optional.empty(), Optional.empty());
  }

  /**
   * TLS with the JVM's own trusted certificates.
   *
   * @return the settings
   */
  public static TlsConfig systemTrust() {
    return new TlsConfig(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * These settings with a client certificate.
   *
   * @param certificate a PEM file of the certificate and its chain
   * @param key a PEM file of the key: PKCS#8, PKCS#1 or SEC 1
   * @return the changed copy
   */
  public TlsConfig withClientCertificate(Path certificate, Path key) {
    return new TlsConfig(ca, Optional.of(certificate), Optional.of(key));
  }
}
