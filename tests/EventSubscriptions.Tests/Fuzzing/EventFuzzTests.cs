using System.Text;
using System.Text.Json;
using CsCheck;
using EventSubscriptions.Events;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Events.Publishing;
using EventSubscriptions.Http;
using static EventSubscriptions.Tests.Fuzzing.Checks;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>Like <see cref="ReaderFuzzTests"/>, for AIR's events and for event types.</summary>
public sealed class EventFuzzTests
{
    private static readonly TestClock s_clock = new(new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Events_of_AIR_are_refused_or_make_payloads_that_the_queue_takes()
    {
        var reader = new AirRequest(s_clock);
        var one = Hostile.Object(
            ("eventName", Gen.Frequency<string>((2, Gen.Const("\"CaseClosedEvent\"")), (1, Hostile.Raw.Select(Hostile.Quoted)))),
            ("organizationId", Gen.Frequency<string>((3, Gen.OneOf("0", "1", "2147483647")), (1, Hostile.Number))),
            ("data", Gen.Select(Hostile.Raw, Hostile.Json, (name, value) => $"{{{Hostile.Quoted(name)}:{value}}}")),
            ("newer", Hostile.Json)
        );
        var bodies = Gen.Frequency<string>((3, one), (1, one.Array[0, 3].Select(events => $"[{string.Join(',', events)}]")));

        Gen.Select(Hostile.Bytes(bodies), Gen.OneOf(Gen.Const((string?)null), Hostile.Raw.Select(raw => (string?)raw)))
            .Sample(
                (bytes, id) =>
                {
                    if (Parsed(bytes) is not { } body)
                    {
                        return;
                    }

                    var errors = new FieldErrors();
                    var events = reader.Read(body, id, errors);
                    Written(errors);
                    foreach (var item in errors.Any ? [] : events)
                    {
                        var envelope = EventEnvelope.Read(item.Payload);
                        Assert.Null(envelope.Problem);
                        Assert.Equal(item.Organization, envelope.Organization);
                        Assert.InRange(item.Payload.Length, 1, EventPayload.MaxBytes);
                    }
                },
                iter: 15_000
            );
    }

    [Fact]
    public void Event_type_is_refused_or_can_be_stored_and_shown()
    {
        var parameter = Hostile.Object(
            ("name", Gen.Frequency<string>((2, Gen.OneOf("\"id\"", "\"value\"")), (1, Hostile.Raw.Select(Hostile.Quoted)))),
            ("type", Gen.OneOf("\"string\"", "\"number|null\"", "\"string[]\"", "\"text\"")),
            ("required", Gen.OneOf("true", "false", "null")),
            ("description", Hostile.Raw.Select(Hostile.Quoted))
        );
        var bodies = Hostile.Object(
            ("category", Hostile.Raw.Select(Hostile.Quoted)),
            ("description", Hostile.Raw.Select(Hostile.Quoted)),
            ("parameters", parameter.Array[0, 3].Select(items => $"[{string.Join(',', items)}]")),
            ("example", Hostile.Object(("id", Hostile.Raw.Select(Hostile.Quoted)), ("value", Hostile.Json)))
        );

        Hostile
            .Bytes(bodies)
            .Sample(
                bytes =>
                {
                    if (Parsed(bytes) is not { } body)
                    {
                        return;
                    }

                    var errors = new FieldErrors();
                    var type = EventTypeFields.Read(EventName.Parse("Test"), new FieldReader(body, errors));
                    Written(errors);
                    if (type is null || errors.Any)
                    {
                        return;
                    }

                    using var stored = JsonDocument.Parse(EventTypeFields.Write(type));
                    var read = EventTypeFields.Read(type.Name, stored.RootElement);
                    Assert.Equal(Encoding.UTF8.GetString(type.Document.Span), Encoding.UTF8.GetString(read.Document.Span));
                    Assert.Null(EventEnvelope.Read(type.ExamplePayload(Given.Organization())).Problem);
                },
                iter: 10_000,
                print: Encoding.UTF8.GetString
            );
    }
}
