package io.registryetcd.examples;

import java.io.IOException;
import java.io.PrintStream;

/** The end of the standard input: the pipe to a parent process ends with it, even a killed one. */
final class EndOfInput {

  private EndOfInput() {}

  /** Does something at the end, in the background. */
  static void then(Runnable action) {
    Thread watcher =
        new Thread(
            () -> {
              try {
                System.in.transferTo(PrintStream.nullOutputStream());
              } catch (IOException e) {
                // the end, too
              }
              action.run();
            },
            "end-of-input");
    watcher.setDaemon(true);
    watcher.start();
  }
}
