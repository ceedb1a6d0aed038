package io.registryetcd.layout;

import com.google.common.base.Utf8;

/**
 * Checks of text that goes into keys and values, and a spelling of hostile text that is safe in
 * messages.
 */
final class Text {

  private static final int MAX_QUOTED = 80;

  private Text() {}

  /** Throws unless {@code text} is well-formed and at most {@code maxBytes} of UTF-8 long. */
  static void checkSize(String what, String text, int maxBytes) {
    int bytes;
    try {
      bytes = Utf8.encodedLength(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          what + ": " + quote(text) + " holds half a surrogate pair (expected: valid Unicode)", e);
    }
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(
          what + ": " + bytes + " bytes (expected: at most " + maxBytes + " of UTF-8)");
    }
  }

  /** Throws if {@code text} holds a control character, which would spoil keys and logs. */
  static void checkNoControls(String what, String text) {
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          what + ": " + quote(text) + " holds a control character (expected: none)");
    }
  }

  /**
   * In double quotes, shortened, with everything escaped that could break or reverse a line of a
   * log.
   */
  static String quote(String text) {
    var quoted = new StringBuilder("\"");
    int end = Math.min(text.length(), MAX_QUOTED);
    for (int i = 0; i < end; i += Character.charCount(text.codePointAt(i))) {
      append(quoted, text.codePointAt(i));
    }
    return quoted.append(text.length() > MAX_QUOTED ? "\"..." : "\"").toString();
  }

  private static void append(StringBuilder quoted, int codePoint) {
    if (codePoint == '"' || codePoint == '\\') {
      quoted.append('\\').append((char) codePoint);
    } else if (isPrintable(codePoint)) {
      quoted.appendCodePoint(codePoint);
    } else {
      quoted.append(String.format("\\u%04x", codePoint));
    }
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
