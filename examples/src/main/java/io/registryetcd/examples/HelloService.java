package io.registryetcd.examples;

import io.registryetcd.examples.api.Hello;
import io.registryetcd.examples.api.Refused;
import io.registryetcd.examples.api.Request;
import io.registryetcd.examples.api.Response;

/** The hello service in Thrift. */
final class HelloService implements Hello.Iface {

  private final Answers answers;

  HelloService(Answers answers) {
    this.answers = answers;
  }

  @Override
  public Response echo(Request request) {
    return response(request.getMessage());
  }

  /** Refuses a message with an exception that the IDL declares. */
  @Override
  public Response strict(Request request) throws Refused {
    if (request.getMessage().equals("refuse")) {
      throw new Refused(7, "refused");
    }
    return response(request.getMessage());
  }

  @Override
  public void fire(Request request) {
    answers.fire();
  }

  private Response response(String message) {
    Response response = new Response();
    response.setMessage(answers.echo(message, CallFacts::ofThisCall));
    return response;
  }
}
