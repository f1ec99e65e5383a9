namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The format of a subscription in responses: without secrets.</summary>
internal sealed record FormatResponse
{
    public required FormatType Type { get; init; }

    /// <summary>Of <c>template</c>.</summary>
    public string? Body { get; init; }

    public string? ContentType { get; init; }

    public string? Preset { get; init; }

    /// <summary>The names of its secrets; absent if it has none.</summary>
    public IReadOnlyList<string>? SecretNames { get; init; }

    /// <summary>Null for the standard format.</summary>
    public static FormatResponse? Of(SubscriptionFormat format) =>
        format switch
        {
            SubscriptionFormat.Standard => null,
            SubscriptionFormat.Template template => new FormatResponse
            {
                Type = format.Type,
                Body = template.Body.Text,
                ContentType = template.ContentType.ToString(),
                Preset = template.Preset,
                SecretNames = template.Secrets.Values.Count > 0 ? [.. template.Secrets.Values.Keys] : null,
            },
            _ => new FormatResponse { Type = format.Type },
        };
}
