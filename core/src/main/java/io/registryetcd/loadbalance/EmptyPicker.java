package io.registryetcd.loadbalance;

import io.registryetcd.Instance;
import java.util.NoSuchElementException;

/** The picker over no instances. */
enum EmptyPicker implements Picker {
  INSTANCE;

  @Override
  public Instance pick() {
    throw new NoSuchElementException("no instance to pick: the picker was made for an empty list");
  }
}
