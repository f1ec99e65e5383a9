using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Http;
using EventSubscriptions.Secrets;
using EventSubscriptions.Subscriptions.Formats.Templates;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>The field <c>format</c>, in requests and in the table.</summary>
internal static partial class FormatFields
{
    public const string Name = "format";

    /// <summary>Reads a format and reports every error; null if it is absent, null or invalid.</summary>
    /// <param name="fields">The fields around it.</param>
    /// <param name="needsSecrets">Whether the secrets that a template uses must be given.</param>
    public static SubscriptionFormat? Read(FieldReader fields, bool needsSecrets = true)
    {
        if (fields.Value(Name) is not { } value)
        {
            return null;
        }

        var reader = new FieldReader(value, fields.Errors, $"{Name}.");
        var format = ReadFormat(reader, needsSecrets);
        reader.ReportUnknown();
        return format;
    }

    /// <summary>What is stored, secrets included.</summary>
    public static byte[] Write(SubscriptionFormat format)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, ApiJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("type", format.Type.ToName());
            if (format is SubscriptionFormat.Template template)
            {
                writer.WriteString("body", template.Body.Text);
                writer.WriteString("contentType", template.ContentType.ToString());
                writer.WriteString("preset", template.Preset);
                writer.WriteStartObject("secrets");
                foreach (var (name, secret) in template.Secrets.Values)
                {
                    writer.WriteString(name, secret.Reveal());
                }

                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Templates are parsed when they are used first.</summary>
    public static SubscriptionFormat Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var root = JsonElement.ParseValue(ref reader);
        switch (EnumNames<FormatType>.Find(root.GetProperty("type").GetString()))
        {
            case FormatType.Standard:
                return SubscriptionFormat.Default;
            case FormatType.CloudEvents:
                return new SubscriptionFormat.CloudEvents();
            case FormatType.Template:
                var secrets = new SortedDictionary<string, Secret>(StringComparer.Ordinal);
                foreach (var secret in root.GetProperty("secrets").EnumerateObject())
                {
                    secrets.Add(secret.Name, new Secret(secret.Value.GetString()!));
                }

                return new SubscriptionFormat.Template(
                    new LiquidTemplate(root.GetProperty("body").GetString()!),
                    TemplateContentType.TryParse(root.GetProperty("contentType").GetString()!) ?? TemplateContentType.Json,
                    root.GetProperty("preset").GetString(),
                    new TemplateSecrets(secrets)
                );
            default:
                throw new InvalidDataException("The format of a subscription is not valid.");
        }
    }

    private static SubscriptionFormat? ReadFormat(FieldReader fields, bool needsSecrets) =>
        fields.OneOf<FormatType>("type", required: true) switch
        {
            FormatType.Standard => SubscriptionFormat.Default,
            FormatType.CloudEvents => new SubscriptionFormat.CloudEvents(),
            FormatType.Template => ReadTemplate(fields, needsSecrets),
            _ => null,
        };

    private static SubscriptionFormat.Template? ReadTemplate(FieldReader fields, bool needsSecrets)
    {
        var presetName = fields.Text("preset");
        TemplatePreset? preset = null;
        if (presetName is not null && (preset = TemplatePresets.Find(presetName)) is null)
        {
            fields.AddError("preset", $"is not known; GET /api/templates lists them{NearestName.Hint(presetName, TemplatePresets.Names)}");
        }

        var body = fields.Text("body", required: presetName is null, minLength: 1, maxLength: LiquidTemplate.MaxLength) ?? preset?.Body;
        IReadOnlyCollection<string> used = [];
        if (body is not null && LiquidTemplate.Check(body, out used) is { } error)
        {
            body = fields.AddError("body", error);
        }

        var contentType = ReadContentType(fields);
        var secrets = ReadSecrets(fields);
        if (needsSecrets && body is not null && secrets is not null)
        {
            foreach (var name in used.Where(name => !secrets.Values.ContainsKey(name)))
            {
                fields.AddError($"secrets.{name}", "is required, because the template uses it");
                body = null;
            }
        }

        return body is null || contentType is null || secrets is null || (presetName is not null && preset is null)
            ? null
            : new SubscriptionFormat.Template(new LiquidTemplate(body), contentType, presetName, secrets);
    }

    private static TemplateContentType? ReadContentType(FieldReader fields)
    {
        if (fields.Text("contentType") is not { } text)
        {
            return fields.Has("contentType") && !fields.IsNull("contentType") ? null : TemplateContentType.Json;
        }

        if (TemplateContentType.TryParse(text) is { } type)
        {
            return type;
        }

        fields.AddError("contentType", "must be a media type in UTF-8, such as application/json");
        return null;
    }

    private static TemplateSecrets? ReadSecrets(FieldReader fields)
    {
        if (fields.Value("secrets") is not { } value)
        {
            return TemplateSecrets.None;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            fields.AddError("secrets", "must be an object whose values are strings");
            return null;
        }

        var secrets = new SortedDictionary<string, Secret>(StringComparer.Ordinal);
        var isValid = true;
        foreach (var member in value.EnumerateObject())
        {
            var text = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : null;
            if (CheckSecret(member.Name, text) is { } error)
            {
                fields.AddError($"secrets.{member.Name}", error);
                isValid = false;
            }
            else if (!secrets.TryAdd(member.Name, new Secret(text!)))
            {
                fields.AddError($"secrets.{member.Name}", "is given more than once");
                isValid = false;
            }
        }

        if (secrets.Count > TemplateSecrets.MaxCount)
        {
            fields.AddError("secrets", $"must have at most {TemplateSecrets.MaxCount} entries");
            isValid = false;
        }

        return isValid ? new TemplateSecrets(secrets) : null;
    }

    private static string? CheckSecret(string name, string? text) =>
        !SecretName().IsMatch(name) ? "must have a name of 1 to 64 letters, digits and _ that starts with a letter"
        : text is null ? "must be a string"
        : text.Length is 0 or > TemplateSecrets.MaxLength ? $"must be 1 to {TemplateSecrets.MaxLength} characters long"
        : text == DisplayUrl.Masked ? SubscriptionUrl.MustBeGivenInFull
        : null;

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]{0,63}\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SecretName();
}
