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
                    ("type", Gen.OneOf("\"basic\"", "\"header\"", "\"oauth2\"", "\"bearer\"", "\"managedIdentity\"")),
                    ("token", text),
                    ("username", text),
                    ("password", text),
                    ("name", Gen.OneOf(Gen.Const("\"X-Api-Key\""), text)),
                    ("value", text),
                    ("tokenUrl", Hostile.Url.Select(Hostile.Quoted)),
                    ("resource", text),
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

    [Fact]
    public void Client_certificate_is_refused_or_can_be_stored_shown_and_loaded()
    {
        var bodies = Hostile.Object(
            (ClientCertificateFields.Name, Hostile.Object(("certificate", HostileCertificate.Pem), ("privateKey", HostileCertificate.Key)))
        );
        var accepted = 0;

        bodies.Sample(
            body =>
            {
                var errors = new FieldErrors();
                if (
                    Parsed(System.Text.Encoding.UTF8.GetBytes(body)) is { } parsed
                    && ClientCertificateFields.Read(new FieldReader(parsed, errors), s_clock.GetUtcNow()) is { } read
                    && !errors.Any
                )
                {
                    Interlocked.Increment(ref accepted);
                    Assert.Equal(read, ClientCertificateFields.Parse(ClientCertificateFields.Write(read)));
                    Assert.InRange(read.Details.Subject.Length, 0, 300);
                    var (certificate, intermediates) = read.Load();
                    Assert.True(certificate.HasPrivateKey);
                    certificate.Dispose();
                    intermediates.ToList().ForEach(one => one.Dispose());
                }
            },
            iter: 10_000
        );

        Assert.True(accepted > 0, "Every certificate was refused.");
    }
}
