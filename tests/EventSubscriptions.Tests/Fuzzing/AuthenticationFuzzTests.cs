using CsCheck;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;
using EventSubscriptions.Subscriptions.Authentication;
using static EventSubscriptions.Tests.Fuzzing.Checks;

namespace EventSubscriptions.Tests.Fuzzing;

public sealed class AuthenticationFuzzTests
{
    private static readonly OrganizationId s_organization = Given.Organization();
    private static readonly TestClock s_clock = new();

    [Fact]
    public void Authentication_is_refused_or_can_be_stored_and_sent()
    {
        var text = Hostile.Raw.Select(Hostile.Quoted);
        var bodies = Hostile.Object(
            (
                "authentication",
                Hostile.Object(
                    ("type", Gen.OneOf("\"basic\"", "\"header\"", "\"oauth2\"", "\"bearer\"")),
                    ("token", text),
                    ("username", text),
                    ("password", text),
                    ("name", Gen.OneOf(Gen.Const("\"X-Api-Key\""), text)),
                    ("value", text),
                    ("tokenUrl", Hostile.Url.Select(Hostile.Quoted)),
                    ("clientId", text),
                    ("clientSecret", text)
                )
            )
        );

        Hostile
            .Bytes(bodies)
            .Sample(
                bytes =>
                {
                    var errors = new FieldErrors();
                    if (
                        Parsed(bytes) is { } body
                        && AuthenticationFields.Read(new FieldReader(body, errors), isNew: false, Given.Rules()) is { } read
                    )
                    {
                        Assert.Equal(read, AuthenticationFields.Parse(AuthenticationFields.Write(read)));
                        var header = AuthorizationHeader.Of(
                            Given.Subscription(s_organization, s_clock) with
                            {
                                Authentication = read,
                            },
                            null
                        );
                        using var request = new HttpRequestMessage();
                        Assert.True(header.Name is null || request.Headers.TryAddWithoutValidation(header.Name, header.Value));
                        Assert.DoesNotContain(header.Value, letter => char.IsControl(letter));
                    }
                },
                iter: 10_000
            );
    }
}
