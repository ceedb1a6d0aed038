package io.registryetcd.interop;

import io.registryetcd.examples.Program;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The two implementations. Their programs have the same names and flags. */
enum Side {
  GO {
    @Override
    Program start(Map<String, String> environment, List<String> words) {
      List<String> command = new ArrayList<>(words);
      command.set(0, GoPeers.program(words.get(0)));
      return Program.start(new File("."), environment, command);
    }
  },
  JAVA {
    @Override
    Program start(Map<String, String> environment, List<String> words) {
      return Program.example(environment, words.toArray(String[]::new));
    }
  };

  /** Starts a program: its name and its flags. */
  abstract Program start(Map<String, String> environment, List<String> words);

  String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
