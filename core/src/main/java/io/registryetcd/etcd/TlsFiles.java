package io.registryetcd.etcd;

import java.nio.file.Path;
import java.util.Optional;

/**
 * PEM files of a TLS set-up.
 *
 * @param ca the certificates to trust; empty for the JVM's own trust store
 * @param clientCertificate the chain to show to etcd, together with {@code clientKey} or not at all
 * @param clientKey its private key, unencrypted: PKCS#8, PKCS#1 or SEC 1
 */
public record TlsFiles(
    Optional<Path> ca, Optional<Path> clientCertificate, Optional<Path> clientKey) {}
