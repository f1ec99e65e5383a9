using System.Text.Json;
using EventSubscriptions.Events.Catalogue;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Subscriptions.Filters;
using EventSubscriptions.Subscriptions.Formats;

namespace EventSubscriptions.Subscriptions;

/// <summary>The valid fields of a subscription in a request. Absent fields are null.</summary>
internal sealed record SubscriptionFields
{
    private const int MaxNameLength = 128;
    private const int MaxDescriptionLength = 1024;
    private const int MaxEvents = 64;
    private const int MaxRate = 10_000;
    private const int MaxExternalIdLength = 128;
    private const int MaxWaits = 15;

    private static readonly TimeSpan s_maxWait = TimeSpan.FromDays(7);
    private static readonly TimeSpan s_minDeadline = TimeSpan.FromSeconds(1);

    /// <summary>The error for more labels than a subscription may have.</summary>
    public static readonly string TooManyLabels = $"must have at most {SubscriptionLabels.MaxCount} entries";

    public string? Name { get; private init; }

    public bool GivesDescription { get; private init; }

    public string? Description { get; private init; }

    public Uri? Url { get; private init; }

    /// <summary>Replaces the authentication whole.</summary>
    public SubscriptionAuthentication? Authentication { get; private init; }

    public bool ClearsHeaders { get; private init; }

    /// <summary>Changes of headers by name; null removes one.</summary>
    public IReadOnlyDictionary<string, Secret?>? Headers { get; private init; }

    public bool GivesClientCertificate { get; private init; }

    public ClientCertificate? ClientCertificate { get; private init; }

    public bool? UrlIsSecret { get; private init; }

    public IReadOnlyList<string>? Events { get; private init; }

    public bool? IsActive { get; private init; }

    public bool ClearsLabels { get; private init; }

    /// <summary>Changes of labels by key; null removes one.</summary>
    public IReadOnlyDictionary<string, string?>? Labels { get; private init; }

    public bool GivesFilter { get; private init; }

    public SubscriptionFilter? Filter { get; private init; }

    public bool GivesFormat { get; private init; }

    /// <summary>Replaces the format whole; null for the standard one.</summary>
    public SubscriptionFormat? Format { get; private init; }

    public bool GivesRetrySchedule { get; private init; }

    public IReadOnlyList<TimeSpan>? RetrySchedule { get; private init; }

    public bool GivesDeadline { get; private init; }

    public TimeSpan? Deadline { get; private init; }

    public bool GivesExternalId { get; private init; }

    public string? ExternalId { get; private init; }

    public bool GivesRateLimit { get; private init; }

    public int? RateLimitPerSecond { get; private init; }

    /// <summary>Reads a new subscription, for which name, URL, token and events are required, and reports every error.</summary>
    public static SubscriptionFields ReadNew(FieldReader fields, EventCatalogue catalogue, SubscriptionRules rules) =>
        Read(fields, isNew: true, catalogue, rules);

    /// <summary>Reads a merge patch (RFC 7396), in which null clears optional fields, and reports every error.</summary>
    public static SubscriptionFields ReadPatch(FieldReader fields, EventCatalogue catalogue, SubscriptionRules rules) =>
        Read(fields, isNew: false, catalogue, rules);

    /// <summary>
    /// The secrets that must be given again, by field: they would be sent to another URL than they were given for, and whoever can change a
    /// subscription could read them there.
    /// </summary>
    public IReadOnlyList<string> SecretsMissingFor(Subscription subscription)
    {
        if (Url is null || !SubscriptionUrl.LeadsElsewhere(Url, subscription.Url))
        {
            return [];
        }

        List<string> missing = [];
        if (Authentication is null && subscription.Authentication is not SubscriptionAuthentication.None)
        {
            missing.Add(
                subscription.Authentication is SubscriptionAuthentication.Bearer
                    ? AuthenticationFields.TokenName
                    : AuthenticationFields.Name
            );
        }

        if (!GivesFormat && subscription.Format is SubscriptionFormat.Template { Secrets.Values.Count: > 0 })
        {
            missing.Add(FormatFields.Name);
        }

        if (!ClearsHeaders)
        {
            missing.AddRange(
                subscription.Headers.Values.Keys.Where(name => Headers?.ContainsKey(name) is not true).Select(name => $"headers.{name}")
            );
        }

        if (!GivesClientCertificate && subscription.ClientCertificate is not null)
        {
            missing.Add(ClientCertificateFields.Name);
        }

        return missing;
    }

    /// <summary>Applies the fields to a subscription.</summary>
    public Subscription ApplyTo(Subscription subscription) =>
        subscription with
        {
            Name = Name ?? subscription.Name,
            Description = GivesDescription ? Description : subscription.Description,
            Url = Url ?? subscription.Url,
            Authentication = Authentication ?? subscription.Authentication,
            Headers = HeadersOf(subscription),
            ClientCertificate = GivesClientCertificate ? ClientCertificate : subscription.ClientCertificate,
            UrlIsSecret = UrlIsSecret ?? subscription.UrlIsSecret,
            Events = Events ?? subscription.Events,
            IsActive = IsActive ?? subscription.IsActive,
            RateLimitPerSecond = GivesRateLimit ? RateLimitPerSecond : subscription.RateLimitPerSecond,
            Filter = GivesFilter ? Filter : subscription.Filter,
            Format = GivesFormat ? Format ?? SubscriptionFormat.Default : subscription.Format,
            RetrySchedule = GivesRetrySchedule ? RetrySchedule : subscription.RetrySchedule,
            Deadline = GivesDeadline ? Deadline : subscription.Deadline,
            Labels = LabelsOf(subscription),
            ExternalId = GivesExternalId ? ExternalId : subscription.ExternalId,
        };

    /// <summary>The headers of a subscription after the change.</summary>
    public SubscriptionHeaders HeadersOf(Subscription subscription) =>
        ClearsHeaders ? SubscriptionHeaders.None
        : Headers is null ? subscription.Headers
        : subscription.Headers.With(Headers);

    /// <summary>The labels of a subscription after the change.</summary>
    public SubscriptionLabels LabelsOf(Subscription subscription) =>
        ClearsLabels ? SubscriptionLabels.None
        : Labels is null ? subscription.Labels
        : subscription.Labels.With(Labels);

    private static SubscriptionFields Read(FieldReader fields, bool isNew, EventCatalogue catalogue, SubscriptionRules rules)
    {
        bool Needs(string name) => isNew || fields.Has(name);
        var result = new SubscriptionFields
        {
            Name = ReadName(fields, Needs("name")),
            GivesDescription = fields.Has("description"),
            Description = ReadDescription(fields),
            Url = SubscriptionUrl.Read(fields, "url", Needs("url"), rules.Guard),
            Authentication = AuthenticationFields.Read(fields, isNew, rules),
            ClearsHeaders = fields.IsNull("headers"),
            Headers = SubscriptionHeaders.Read(fields, "headers", isNew),
            GivesClientCertificate = fields.Has(ClientCertificateFields.Name),
            ClientCertificate = ClientCertificateFields.Read(fields, rules.Now),
            UrlIsSecret = ReadUrlIsSecret(fields, isNew),
            Events = ReadEvents(fields, Needs("events"), catalogue),
            IsActive = fields.Boolean("isActive", required: !isNew && fields.Has("isActive")),
            ClearsLabels = fields.IsNull("labels"),
            Labels = ReadLabels(fields, isNew),
            GivesFilter = fields.Has("filter"),
            Filter = FilterParser.Read(fields, "filter"),
            GivesFormat = fields.Has(FormatFields.Name),
            Format = FormatFields.Read(fields),
            GivesRetrySchedule = fields.Has("retrySchedule"),
            RetrySchedule = ReadRetrySchedule(fields, rules),
            GivesDeadline = fields.Has("deadline"),
            Deadline = fields.Duration("deadline", s_minDeadline, SubscriptionRules.MaxDeadline),
            GivesExternalId = fields.Has("externalId"),
            ExternalId = ReadExternalId(fields),
            GivesRateLimit = fields.Has("rateLimitPerSecond"),
            RateLimitPerSecond = fields.Number("rateLimitPerSecond", min: 1, max: MaxRate),
        };
        return result;
    }

    private static bool? ReadUrlIsSecret(FieldReader fields, bool isNew)
    {
        var isSecret = fields.Boolean("urlIsSecret", required: !isNew && fields.Has("urlIsSecret"));
        if (isSecret is false && !isNew && !fields.Has("url"))
        {
            // Whoever may change a subscription may not know it.
            fields.AddError("url", "is required to set urlIsSecret to false");
        }

        return isSecret;
    }

    private static string? ReadName(FieldReader fields, bool required)
    {
        var name = fields.Text("name", required, minLength: 1, maxLength: MaxNameLength);
        return name is not null && PlainText.CheckName(name) is { } error ? fields.AddError("name", error) : name;
    }

    private static string? ReadDescription(FieldReader fields)
    {
        var text = fields.Text("description", maxLength: MaxDescriptionLength);
        return text is null || PlainText.IsText(text) ? text : fields.AddError("description", PlainText.TextExpected);
    }

    private static Dictionary<string, string?>? ReadLabels(FieldReader fields, bool isNew)
    {
        if (fields.Value("labels") is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.AddError("labels", "must be an object whose values are strings");
            return null;
        }

        var labels = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var label in value.EnumerateObject())
        {
            var name = $"labels.{label.Name}";
            var text = label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString() : null;
            if (!SubscriptionLabels.IsKey(label.Name))
            {
                fields.AddError("labels", SubscriptionLabels.KeyExpected);
            }
            else if (text is null && (isNew || label.Value.ValueKind != JsonValueKind.Null))
            {
                fields.AddError(name, "must be a string");
            }
            else if (text?.EnumerateRunes().Count() > SubscriptionLabels.MaxValueLength)
            {
                fields.AddError(name, $"must be at most {SubscriptionLabels.MaxValueLength} characters long");
            }
            else if (text is not null && PlainText.FindUnreadable(text) is { } unreadable)
            {
                fields.AddError(name, $"must not contain U+{unreadable.Value:X4}, which is a control or invisible character");
            }
            else
            {
                labels[label.Name] = text;
            }
        }

        if (labels.Values.Count(text => text is not null) > SubscriptionLabels.MaxCount)
        {
            fields.AddError("labels", TooManyLabels);
        }

        return labels;
    }

    private static IReadOnlyList<TimeSpan>? ReadRetrySchedule(FieldReader fields, SubscriptionRules rules)
    {
        if (fields.Durations("retrySchedule", TimeSpan.Zero, s_maxWait) is not { } waits)
        {
            return null;
        }

        if (waits.Count is 0 or > MaxWaits)
        {
            fields.AddError("retrySchedule", $"must list 1 to {MaxWaits} durations");
            return null;
        }

        if (rules.CheckRetrySchedule(waits) is { } error)
        {
            fields.AddError("retrySchedule", error);
            return null;
        }

        return waits;
    }

    private static string? ReadExternalId(FieldReader fields)
    {
        var text = fields.Text("externalId");
        return text is null || IsExternalId(text)
            ? text
            : fields.AddError("externalId", "must be 1 to 128 characters of A–Z, a–z, 0–9, ., _, ~ and -");
    }

    private static bool IsExternalId(string text) =>
        text.Length is > 0 and <= MaxExternalIdLength
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '~' or '-');

    /// <summary>Reads names and patterns of events.</summary>
    internal static IReadOnlyList<string>? ReadEvents(FieldReader fields, bool required, EventCatalogue catalogue)
    {
        var names = fields.Texts("events", required);
        if (names is null)
        {
            return null;
        }

        if (names.Count is 0 or > MaxEvents)
        {
            fields.AddError("events", $"must list 1 to {MaxEvents} names or patterns, or \"{EventPattern.EveryEvent}\" alone");
            return null;
        }

        if (names is [EventPattern.EveryEvent])
        {
            return names;
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            if (ErrorOf(names[i], known, catalogue) is { } error)
            {
                fields.AddError($"events[{i}]", error);
            }
        }

        return names;
    }

    private static string? ErrorOf(string name, HashSet<string> known, EventCatalogue catalogue)
    {
        if (name == EventPattern.EveryEvent)
        {
            return $"matches every event: \"{EventPattern.EveryEvent}\" must be alone";
        }

        if (EventPattern.IsPattern(name))
        {
            if (EventPattern.Check(name, catalogue) is { } error)
            {
                return error;
            }
        }
        else if (!catalogue.Contains(name))
        {
            return catalogue.UnknownName(name);
        }

        return known.Add(name) ? null : "is repeated";
    }
}
