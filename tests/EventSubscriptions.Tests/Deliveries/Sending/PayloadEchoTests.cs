using System.Text;
using EventSubscriptions.Deliveries.Sending;

namespace EventSubscriptions.Tests.Deliveries.Sending;

public sealed class PayloadEchoTests
{
    private const string Data = """{"name":"Ann \"A\"","path":"C:\\x","n":1}""";
    private const string Payload = """{"eventName":"CaseClosedEvent","organizationId":1,"data":""" + Data + "}";

    [Theory]
    [InlineData("ok", "ok")]
    [InlineData("", "")]
    [InlineData(Payload, """{"eventName":"CaseClosedEvent","organizationId":1,"data":***}""")]
    [InlineData("error for " + Data + " and " + Data + "!", "error for *** and ***!")]
    [InlineData("""{"name":"Ann \"A\"","path":"C:\\x","n":2}""", """{"name":"Ann \"A\"","path":"C:\\x","n":2}""")]
    [InlineData("""truncated: {"name":"Ann \"A\"","path":"C:""", "truncated: ***")]
    [InlineData("""{"name":"Ann""", """{"name":"Ann""")]
    [InlineData("""{"body":"{\"name\":\"Ann \\\"A\\\"\",\"path\":\"C:\\\\x\",\"n\":1}"}""", """{"body":"***"}""")]
    public void Data_is_removed_from_a_response_that_repeats_it(string response, string expected)
    {
        var buffer = Encoding.UTF8.GetBytes(response);

        var length = PayloadEcho.Remove(buffer, Encoding.UTF8.GetBytes(Payload), Encoding.UTF8.GetBytes(Payload));

        Assert.Equal(expected, Encoding.UTF8.GetString(buffer.AsSpan(0, length)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"a":1}""")]
    public void Data_without_content_is_kept(string data)
    {
        var buffer = Encoding.UTF8.GetBytes($"echo {data}");

        var payload = Encoding.UTF8.GetBytes($$"""{"eventName":"A","organizationId":1,"data":{{data}}}""");

        var length = PayloadEcho.Remove(buffer, payload, payload);

        Assert.Equal($"echo {data}", Encoding.UTF8.GetString(buffer.AsSpan(0, length)));
    }
}
