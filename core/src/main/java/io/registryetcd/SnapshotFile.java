package io.registryetcd;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import io.registryetcd.layout.Layout;
import io.registryetcd.layout.MalformedInstanceException;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last state of one service on disk, for a start without etcd.
 *
 * <p>Written anew beside the old one and moved over it, so that there is a whole file at any time;
 * readable by this user only. A file that cannot be read is worth one warning. Its age is of the
 * wall clock, the only one that outlives a process.
 */
final class SnapshotFile {

  private static final Logger logger = LoggerFactory.getLogger(SnapshotFile.class);

  /** What was read. */
  record Content(List<Instance> instances, Duration age) {}

  private final Path path;
  private final String range;
  private final Layout layout;
  private final Clock clock;
  private final AtomicReference<@Nullable Snapshot> next = new AtomicReference<>();

  SnapshotFile(Path directory, String range, Layout layout) {
    this(directory, range, layout, Clock.systemUTC());
  }

  SnapshotFile(Path directory, String range, Layout layout, Clock clock) {
    this.path = directory.resolve(fileName(range));
    this.range = range;
    this.layout = layout;
    this.clock = clock;
  }

  /**
   * Letters, digits, dots and dashes stand for themselves, all else as percent and hex: one name
   * for each range.
   */
  private static String fileName(String range) {
    StringBuilder name = new StringBuilder();
    for (byte b : range.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '.');
      name.append(plain ? String.valueOf(c) : String.format("%%%02x", (int) c));
    }
    return name.length() <= 200
        ? name + ".json"
        : name.substring(0, 180) + "-" + Integer.toHexString(range.hashCode()) + ".json";
  }

  /** The instances of the file, if there is one that is whole, of this range and not too old. */
  Optional<Content> read(Duration maxAge) {
    try (Reader reader = Files.newBufferedReader(path)) {
      Content content = parse(new JsonReader(reader));
      if (content.age().compareTo(maxAge) > 0) {
        logger.info("snapshot file {} not used: {} old (limit {})", path, content.age(), maxAge);
        return Optional.empty();
      }
      return Optional.of(content);
    } catch (NoSuchFileException none) {
      return Optional.empty();
    } catch (IOException | RuntimeException | MalformedInstanceException e) {
      logger.warn("snapshot file {} not used, it cannot be read: {}", path, e.toString());
      return Optional.empty();
    }
  }

  private Content parse(JsonReader json) throws IOException, MalformedInstanceException {
    List<Instance> instances = new ArrayList<>();
    long savedAt = 0;
    String savedRange = "";
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "range" -> savedRange = json.nextString();
        case "savedAt" -> savedAt = json.nextLong();
        case "instances" -> {
          json.beginArray();
          while (json.hasNext()) {
            instances.add(layout.decode(json.nextString().getBytes(StandardCharsets.UTF_8)));
          }
          json.endArray();
        }
        default -> json.skipValue();
      }
    }
    json.endObject();
    if (!savedRange.equals(range)) {
      throw new IOException("range: " + LogText.escape(savedRange) + " (expected: " + range + ")");
    }
    return new Content(
        List.copyOf(instances), Duration.ofMillis(Math.max(0, clock.millis() - savedAt)));
  }

  /** Writes on the executor; of snapshots that come faster than the disk takes them, the latest. */
  void write(Snapshot snapshot, Executor executor) {
    if (next.getAndSet(snapshot) == null) {
      try {
        executor.execute(this::writeNext);
      } catch (RejectedExecutionException e) {
        next.set(null);
        logger.debug("snapshot file not written, the callback executor refused it", e);
      }
    }
  }

  /**
   * Takes the snapshot when it is its turn: of two threads the later one has the later snapshot.
   */
  private synchronized void writeNext() {
    Snapshot latest = next.getAndSet(null);
    if (latest != null) {
      writeNow(latest);
    }
  }

  synchronized void writeNow(Snapshot snapshot) {
    try {
      Files.createDirectories(path.getParent());
      // a name of its own, for other processes may write too; on POSIX for this user only
      Path beside = Files.createTempFile(path.getParent(), path.getFileName() + ".", ".tmp");
      try {
        write(snapshot, beside);
        move(beside);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException | RuntimeException e) {
      logger.warn("snapshot file {} not written: {}", path, e.toString());
    }
  }

  private void write(Snapshot snapshot, Path file) throws IOException {
    try (Writer writer = Files.newBufferedWriter(file);
        JsonWriter json = new JsonWriter(writer)) {
      json.beginObject();
      json.name("range").value(range);
      json.name("savedAt").value(clock.millis());
      json.name("revision").value(snapshot.revision());
      json.name("instances").beginArray();
      for (Instance instance : snapshot) {
        json.value(new String(layout.encode(instance), StandardCharsets.UTF_8));
      }
      json.endArray();
      json.endObject();
    }
  }

  private void move(Path from) throws IOException {
    try {
      Files.move(from, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, path, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
