using System.Text.Json;
using System.Text.Unicode;
using EventSubscriptions.Http;
using EventSubscriptions.Organizations;

namespace EventSubscriptions.Events.Publishing;

/// <summary>
/// The parsed body of a message of the queue <c>events</c>. It comes from external producers, so everything in it is validated.
/// </summary>
internal readonly record struct EventEnvelope
{
    /// <summary>What is wrong, without quoting the body; null if the event is valid.</summary>
    public string? Problem { get; private init; }

    /// <summary>Null if it could not be read.</summary>
    public EventName? EventName { get; private init; }

    /// <summary>Null if it could not be read.</summary>
    public OrganizationId? Organization { get; private init; }

    /// <summary>The payload, of any size; empty if there is a problem.</summary>
    public ReadOnlyMemory<byte> Payload { get; private init; }

    /// <summary>
    /// Parses a body: a JSON object with <c>eventName</c> (1–256 characters, no control or invisible characters), <c>organizationId</c> (an
    /// integer) and <c>data</c> (an object), each once, all of it Unicode. Other members are dropped, and a byte order mark is skipped. A
    /// body that already is the payload is not copied.
    /// </summary>
    public static EventEnvelope Read(ReadOnlyMemory<byte> body)
    {
        if (body.Span.StartsWith("\uFEFF"u8))
        {
            body = body["\uFEFF"u8.Length..];
        }

        if (body.IsEmpty)
        {
            return new EventEnvelope { Problem = "The message has no body." };
        }

        if (!Utf8.IsValid(body.Span))
        {
            return new EventEnvelope { Problem = "The body is not UTF-8." };
        }

        var members = new Members(body.Span);
        var problem = members.Read() ?? LoneSurrogate(body.Span);
        return new EventEnvelope
        {
            Problem = problem,
            EventName = members.EventName,
            Organization = members.Organization,
            Payload = problem is null ? EventPayload.Compose(body, members.RawName, members.Organization!.Value, members.RawData) : default,
        };
    }

    private static string? LoneSurrogate(ReadOnlySpan<byte> body) =>
        LoneSurrogates.Find(body) is >= 0 and var index ? NoCharacter(index) : null;

    private static string NoCharacter(long index) => $"The body has an escape sequence at byte {index} that is not a valid character.";

    private ref struct Members(ReadOnlySpan<byte> json)
    {
        private const string Missing = "is missing";
        private const string Twice = "appears twice";

        private readonly ReadOnlySpan<byte> _json = json;
        private Utf8JsonReader _reader = new(json, new JsonReaderOptions { MaxDepth = JsonDefects.MaxDepth });
        private string? _nameProblem = Missing;
        private string? _organizationProblem = Missing;
        private string? _dataProblem = Missing;

        public EventName? EventName { get; private set; }

        public OrganizationId? Organization { get; private set; }

        public Range RawName { get; private set; }

        public Range RawData { get; private set; }

        /// <summary>Reads to the end and returns what is wrong, or null.</summary>
        public string? Read()
        {
            try
            {
                _reader.Read();
                if (_reader.TokenType != JsonTokenType.StartObject)
                {
                    _reader.Skip();
                    _reader.Read();
                    return "The body is JSON, but not an object.";
                }

                while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
                {
                    ReadMember();
                }

                _reader.Read();
            }
            catch (JsonException malformed)
            {
                var problem = JsonDefects.IsTooDeep(_reader, _json)
                    ? $"is nested deeper than {JsonDefects.MaxDepth} levels"
                    : "is not JSON";
                return $"The body {problem}: line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}.";
            }
            catch (InvalidOperationException)
            {
                // JSON's grammar allows half of a surrogate pair in an escape, but it is not text.
                return NoCharacter(_reader.TokenStartIndex);
            }

            string?[] problems =
            [
                _nameProblem is null ? null : $"eventName {_nameProblem}",
                _organizationProblem is null ? null : $"organizationId {_organizationProblem}",
                _dataProblem is null ? null : $"data {_dataProblem}",
            ];
            return problems is [null, null, null]
                ? null
                : $"In the body {string.Join(", ", problems.Where(problem => problem is not null))}.";
        }

        private void ReadMember()
        {
            if (_reader.ValueTextEquals("eventName"u8))
            {
                _reader.Read();
                var start = (int)_reader.TokenStartIndex;
                _nameProblem = _nameProblem == Missing ? ReadName() : Twice;
                RawName = start..(int)_reader.BytesConsumed;
            }
            else if (_reader.ValueTextEquals("organizationId"u8))
            {
                _reader.Read();
                _organizationProblem = _organizationProblem == Missing ? ReadOrganization() : Twice;
                Organization = _organizationProblem is null ? Organization : null;
            }
            else if (_reader.ValueTextEquals("data"u8))
            {
                _reader.Read();
                _dataProblem =
                    _dataProblem != Missing ? Twice
                    : _reader.TokenType == JsonTokenType.StartObject ? null
                    : "must be an object";
                var start = (int)_reader.TokenStartIndex;
                _reader.Skip();
                RawData = start..(int)_reader.BytesConsumed;
            }

            _reader.Skip();
        }

        private string? ReadName()
        {
            if (_reader.TokenType != JsonTokenType.String || !Events.EventName.TryParse(_reader.GetString(), out var name))
            {
                return $"must be a string of 1–{Events.EventName.MaxLength} characters";
            }

            EventName = name;
            return PlainText.FindUnreadable(name.ToString()) is { } unreadable
                ? $"must not contain U+{unreadable.Value:X4}, which is a control or invisible character"
                : null;
        }

        private string? ReadOrganization()
        {
            if (
                _reader.TokenType != JsonTokenType.Number
                || !JsonInteger.TryRead(_reader.ValueSpan, out var number)
                || !OrganizationId.TryFrom(number, out var organization)
            )
            {
                return "must be a number: an integer from 0 to 2147483647";
            }

            Organization = organization;
            return null;
        }
    }
}
