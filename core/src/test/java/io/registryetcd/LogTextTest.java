package io.registryetcd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTextTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "kitex/registry-etcd/Hello/[::1]:8888", "服务 é 😀 \\ \" '"})
  void ordinaryTextOfAnyLanguageStaysAsItIs(String text) {
    assertThat(LogText.escape(text)).isEqualTo(text);
  }

  @Test
  void lineBreaksCannotForgeALine() {
    assertThat(LogText.escape("a\r\nERROR forged\u2028b\u2029c\u0085d"))
        .isEqualTo("a\\u000d\\u000aERROR forged\\u2028b\\u2029c\\u0085d");
  }

  @Test
  void controlCharactersCannotDriveATerminal() {
    assertThat(LogText.escape("\u001b[2J\u0000\u007f\t"))
        .isEqualTo("\\u001b[2J\\u0000\\u007f\\u0009");
  }

  @Test
  void directionMarksCannotHideText() {
    assertThat(LogText.escape("\u202eevil\u2066\u200f\ufeff"))
        .isEqualTo("\\u202eevil\\u2066\\u200f\\ufeff");
  }
}
