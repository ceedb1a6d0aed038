package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Goes round a list of slots for ever, whoever asks: one counter, which does not overflow within
 * centuries.
 */
final class Rotation implements Picker {

  private final Instance[] slots;
  private final AtomicLong turn;

  /** Keeps {@code slots}, which must not be empty. */
  Rotation(Instance[] slots, long start) {
    this.slots = slots;
    this.turn = new AtomicLong(Math.floorMod(start, slots.length));
  }

  @Override
  public Instance pick() {
    return slots[(int) (turn.getAndIncrement() % slots.length)];
  }
}
