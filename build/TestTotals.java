import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Says how many tests a build has run, per module and in all: the sums of Surefire's reports.
 *
 * <p>{@code java build/TestTotals.java [ROOT [SINCE]]}: reports older than SINCE, an instant in ISO
 * 8601, are left from earlier builds and not counted.
 */
final class TestTotals {

  private record Count(int tests, int failures, int errors, int skipped) {

    static final Count NONE = new Count(0, 0, 0, 0);

    Count plus(Count that) {
      return new Count(
          tests + that.tests,
          failures + that.failures,
          errors + that.errors,
          skipped + that.skipped);
    }

    @Override
    public String toString() {
      return "Tests run: %d, Failures: %d, Errors: %d, Skipped: %d"
          .formatted(tests, failures, errors, skipped);
    }
  }

  private TestTotals() {}

  public static void main(String[] args) throws IOException, XMLStreamException {
    Path root = Path.of(args.length > 0 ? args[0] : ".");
    Instant since = args.length > 1 ? Instant.parse(args[1]) : Instant.MIN;
    Map<String, Count> modules = new TreeMap<>();
    for (Path report : reports(root)) {
      if (Files.getLastModifiedTime(report).toInstant().compareTo(since) >= 0) {
        modules.merge(module(root, report), read(report), Count::plus);
      }
    }
    modules.forEach((module, count) -> System.out.printf("%-12s %s%n", module, count));
    System.out.println(modules.values().stream().reduce(Count.NONE, Count::plus));
  }

  private static List<Path> reports(Path root) throws IOException {
    List<Path> reports = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module : modules.toList()) {
        Path directory = module.resolve("target/surefire-reports");
        if (Files.isDirectory(directory)) {
          try (Stream<Path> files = Files.list(directory)) {
            files
                .filter(file -> file.getFileName().toString().matches("TEST-.*\\.xml"))
                .forEach(reports::add);
          }
        }
      }
    }
    return reports;
  }

  private static String module(Path root, Path report) {
    return root.relativize(report).getName(0).toString();
  }

  private static Count read(Path report) throws IOException, XMLStreamException {
    try (InputStream in = Files.newInputStream(report)) {
      XMLStreamReader xml = XMLInputFactory.newDefaultFactory().createXMLStreamReader(in);
      xml.nextTag();
      return new Count(
          number(xml, "tests"), number(xml, "failures"), number(xml, "errors"), number(xml, "skipped"));
    }
  }

  private static int number(XMLStreamReader testsuite, String attribute) {
    String value = testsuite.getAttributeValue(null, attribute);
    return value == null ? 0 : Integer.parseInt(value);
  }
}
