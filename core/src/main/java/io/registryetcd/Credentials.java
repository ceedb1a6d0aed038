package io.registryetcd;

/**
 * Name and password of an etcd user. {@code toString} hides the password.
 *
 * @param user the user's name
 * @param password the user's password
 * @since 0.1
 */
public record Credentials(String user, String password) {

  @Override
  public String toString() {
    return "Credentials[user=" + user + ", password=***]";
  }
}
