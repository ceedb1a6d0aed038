package io.registryetcd.etcd;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TLS set-up of new connections, read from files that may be replaced while the client runs.
 *
 * <p>Every new connection asks for it, and the files are read each time: a connection is a rare
 * thing, and so a rotated certificate is used by the next one without a timer. Files that cannot be
 * used fail the construction; later the last good ones stay in use, with one warning until they are
 * good again. Host names are always verified, and there is no way to turn that off.
 */
final class TlsCredentials {

  private static final Logger log = LoggerFactory.getLogger(TlsCredentials.class);

  private final TlsFiles files;
  private List<byte[]> contents;
  private ChannelCredentials credentials;
  private boolean warned;

  /**
   * Reads the files.
   *
   * @throws IllegalArgumentException if one of them cannot be read or used
   */
  TlsCredentials(TlsFiles files) {
    if (files.clientCertificate().isPresent() != files.clientKey().isPresent()) {
      throw new IllegalArgumentException(
          "client certificate and client key: one of them is missing (expected: both or none)");
    }
    this.files = files;
    contents = read(files);
    credentials = build(files, contents);
  }

  /** The credentials made of the files as they are now, or as they were last usable. */
  ChannelCredentials current() {
    try {
      List<byte[]> now = read(files);
      if (!same(now, contents)) {
        credentials = build(files, now);
        contents = now;
        log.info("TLS files changed: new connections to etcd use them");
      }
      warned = false;
    } catch (IllegalArgumentException e) {
      if (!warned) {
        log.warn("TLS files cannot be used any more, the last good ones stay: {}", e.getMessage());
      }
      warned = true;
    }
    return credentials;
  }

  private static ChannelCredentials build(TlsFiles files, List<byte[]> contents) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    int next = 0;
    if (files.ca().isPresent()) {
      builder.trustManager(PemFiles.trustManagers(files.ca().get(), contents.get(next++)));
    }
    if (files.clientCertificate().isPresent() && files.clientKey().isPresent()) {
      builder.keyManager(
          PemFiles.keyManagers(
              files.clientCertificate().get(),
              contents.get(next),
              files.clientKey().get(),
              contents.get(next + 1)));
    }
    return builder.build();
  }

  private static List<byte[]> read(TlsFiles files) {
    return List.of(files.ca(), files.clientCertificate(), files.clientKey()).stream()
        .flatMap(Optional::stream)
        .map(TlsCredentials::read)
        .toList();
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + " cannot be read: " + e, e);
    }
  }

  private static boolean same(List<byte[]> a, List<byte[]> b) {
    boolean same = a.size() == b.size();
    for (int i = 0; same && i < a.size(); i++) {
      same = Arrays.equals(a.get(i), b.get(i));
    }
    return same;
  }
}
