package io.registryetcd.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Certificates for tests, as PEM files in a temporary directory: good ones, and one of each kind
 * that must be refused. Keys are unencrypted PKCS #8.
 *
 * <pre>{@code
 * try (TestCertificates certificates = TestCertificates.create();
 *     TestEtcd etcd = TestEtcd.builder().tls(certificates).start()) {
 *   // a client trusts certificates.authority()
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #close()} deletes the files.
 *
 * @since 0.1.0
 */
public final class TestCertificates implements AutoCloseable {
  private static final Duration DAY = Duration.ofDays(1);

  private final Path directory;
  private final AtomicInteger number = new AtomicInteger();
  private final TestAuthority ca = new TestAuthority("registry-etcd test CA");
  private final Path authority;
  private final Path otherAuthority;
  private final Pair server;
  private final Pair client;
  private final Pair wrongHost;
  private final Pair expired;
  private final Pair untrusted;

  private TestCertificates(Path directory, Instant now) throws IOException {
    this.directory = directory;
    this.authority = directory.resolve("ca.pem");
    this.otherAuthority = directory.resolve("other-ca.pem");
    Instant from = now.minus(DAY);
    Instant until = now.plus(DAY);
    TestAuthority other = new TestAuthority("another test CA");
    ca.writeOwn(authority, from.minus(DAY), until);
    other.writeOwn(otherAuthority, from.minus(DAY), until);
    String[] loopback = {"localhost", "127.0.0.1", "::1"};
    this.server = issue("server", from, until, loopback);
    this.client = issue("client", from, until, "client");
    this.wrongHost = issue("wrong-host", from, until, "elsewhere.example");
    this.expired = issue("expired", from.minus(DAY), from, loopback);
    this.untrusted = pair("untrusted");
    other.issue(untrusted, "untrusted", List.of(loopback), TestAuthority.validity(from, until));
  }

  /**
   * Makes all certificates; takes some milliseconds.
   *
   * @return the certificates
   */
  public static TestCertificates create() {
    try {
      return new TestCertificates(Directories.temporary("registry-etcd-tls-"), Instant.now());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The authority that signed everything but {@link #untrusted()}.
   *
   * @return its certificate
   */
  public Path authority() {
    return authority;
  }

  /**
   * An authority that nobody here trusts.
   *
   * @return its certificate
   */
  public Path otherAuthority() {
    return otherAuthority;
  }

  /**
   * For a server on {@code localhost}, {@code 127.0.0.1} and {@code ::1}.
   *
   * @return the files
   */
  public Pair server() {
    return server;
  }

  /**
   * For a client; its common name is {@code client}.
   *
   * @return the files
   */
  public Pair client() {
    return client;
  }

  /**
   * For a server on {@code elsewhere.example} only.
   *
   * @return the files
   */
  public Pair wrongHost() {
    return wrongHost;
  }

  /**
   * As {@link #server()}, but its time was over a day ago.
   *
   * @return the files
   */
  public Pair expired() {
    return expired;
  }

  /**
   * As {@link #server()}, but signed by {@link #otherAuthority()}.
   *
   * @return the files
   */
  public Pair untrusted() {
    return untrusted;
  }

  /**
   * Issues one more certificate with a new key.
   *
   * @param commonName the subject; etcd takes it as user name if it demands client certificates
   * @param from when it begins to be valid
   * @param until when it ends to be valid
   * @param hosts the names and addresses it is for
   * @return the new files
   */
  public Pair issue(String commonName, Instant from, Instant until, String... hosts) {
    Pair files = pair(commonName.replaceAll("[^A-Za-z0-9-]", "_") + number.incrementAndGet());
    try {
      ca.issue(files, commonName, List.of(hosts), TestAuthority.validity(from, until));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /** Deletes the files. */
  @Override
  public void close() {
    Directories.delete(directory);
  }

  private Pair pair(String name) {
    return new Pair(directory.resolve(name + ".pem"), directory.resolve(name + "-key.pem"));
  }

  /**
   * A certificate and its private key.
   *
   * @param certificate the PEM file of the certificate
   * @param key the PEM file of the private key
   */
  public record Pair(Path certificate, Path key) {
    /**
     * Puts the content of other files into these, as a rotation does; each file is replaced
     * atomically. etcd reads its files again at the next connection.
     *
     * @param other the files to copy from
     */
    public void replaceWith(Pair other) {
      replace(certificate, other.certificate);
      replace(key, other.key);
    }

    private static void replace(Path target, Path source) {
      Path copy = target.resolveSibling(target.getFileName() + ".new");
      try {
        Files.copy(source, copy, StandardCopyOption.REPLACE_EXISTING);
        Files.move(
            copy, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
