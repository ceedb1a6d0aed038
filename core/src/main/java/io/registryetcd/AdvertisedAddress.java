package io.registryetcd;

/**
 * The outcome of an {@link AddressPolicy}.
 *
 * @param instance with the host and port that are registered
 * @param reason why these, for one line of the log
 */
record AdvertisedAddress(Instance instance, String reason) {}
