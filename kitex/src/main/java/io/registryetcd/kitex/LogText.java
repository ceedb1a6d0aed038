package io.registryetcd.kitex;

/** Text from outside, made safe for a line of a log. */
final class LogText {

  private static final int MOST_CHARACTERS = 300;

  private LogText() {}

  /**
   * Escapes control characters, line and direction marks, which could forge or hide log lines, and
   * cuts what is too long for a line.
   */
  static String escape(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .limit(MOST_CHARACTERS)
        .forEach(
            c -> {
              if (Character.isISOControl(c)
                  || Character.getType(c) == Character.FORMAT
                  || Character.getType(c) == Character.LINE_SEPARATOR
                  || Character.getType(c) == Character.PARAGRAPH_SEPARATOR) {
                safe.append(String.format("\\u%04x", c));
              } else {
                safe.appendCodePoint(c);
              }
            });
    return text.length() > MOST_CHARACTERS ? safe + "..." : safe.toString();
  }
}
