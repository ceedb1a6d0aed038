package io.registryetcd.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** etcd's plain HTTP pages: health and metrics. They need neither TLS nor a password. */
final class EtcdHttp {
  private static final Duration POLL_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final String url;

  EtcdHttp(String url) {
    this.url = url;
  }

  boolean isHealthy() {
    try {
      return get("/health", POLL_TIMEOUT).contains("\"true\"");
    } catch (IOException e) {
      return false;
    }
  }

  boolean isLeader() {
    try {
      return get("/metrics", POLL_TIMEOUT).lines().anyMatch("etcd_server_is_leader 1"::equals);
    } catch (IOException e) {
      return false;
    }
  }

  String metrics() {
    try {
      return get("/metrics", TIMEOUT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String get(String path, Duration timeout) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection) URI.create(url + path).toURL().openConnection();
    connection.setConnectTimeout((int) timeout.toMillis());
    connection.setReadTimeout((int) timeout.toMillis());
    connection.setRequestProperty("Connection", "close");
    try (InputStream body = connection.getInputStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      connection.disconnect();
    }
  }
}
