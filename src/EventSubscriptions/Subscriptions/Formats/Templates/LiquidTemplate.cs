using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fluid;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>A Liquid template. Templates come from users: what one can do, and use, is bounded.</summary>
/// <param name="text">A template that <see cref="Check(string)"/> accepts.</param>
public sealed class LiquidTemplate(string text) : IEquatable<LiquidTemplate>
{
    /// <summary>The longest template, in bytes of UTF-8.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>Deeper than any payload may be.</summary>
    private const int MaxJsonDepth = 256;

    private static readonly TemplateOptions s_options = CreateOptions();

    private IFluidTemplate? _parsed;

    public string Text => text;

    /// <summary>What is wrong with a template, as the rest of a sentence that starts with its field; null if it is valid.</summary>
    public static string? Check(string text) => Check(text, out _);

    /// <summary>The same, and the secrets that it uses by name.</summary>
    internal static string? Check(string text, out IReadOnlyCollection<string> secrets)
    {
        secrets = [];
        if (Encoding.UTF8.GetByteCount(text) > MaxLength)
        {
            return $"must have at most {MaxLength / 1024} KiB";
        }

        TemplateParser.TryParse(text, out var error, out secrets);
        return error;
    }

    /// <summary>Makes the body of a request. Throws <see cref="TemplateException"/> if the template fails on the event.</summary>
    internal ReadOnlyMemory<byte> Render(
        in EventContent content,
        TemplateSecrets secrets,
        TemplateContentType contentType,
        TimeProvider time
    )
    {
        var budget = new RenderBudget(time, contentType.Encoder is JavaScriptEncoder);
        var context = new TemplateContext(s_options) { MaxSteps = RenderBudget.MaxSteps };
        budget.AssignTo(context);
        string output;
        try
        {
            _parsed ??= TemplateParser.TryParse(text, out var error, out _) ?? throw new TemplateException($"it {error}");
            TemplateVariables.Assign(context, content, secrets, budget);
            using var writer = new LimitedWriter(budget);

            // Nothing in it waits, so this completes at once.
            _parsed.RenderAsync(writer, contentType.Encoder, context).AsTask().GetAwaiter().GetResult();
            output = writer.ToString();
        }
        catch (Exception exception) when (exception is not TemplateException)
        {
            throw new TemplateException(Explain(exception), exception);
        }

        var body = Encoding.UTF8.GetBytes(output);
        if (contentType.IsJson && FindJsonError(body) is { } position)
        {
            throw new TemplateException($"its output is not valid JSON {position}");
        }

        return body;
    }

    /// <inheritdoc/>
    public bool Equals(LiquidTemplate? other) => other is not null && text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as LiquidTemplate);

    /// <inheritdoc/>
    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);

    private static TemplateOptions CreateOptions()
    {
        var options = new TemplateOptions
        {
            ModelNamesComparer = StringComparer.Ordinal,
            StrictFilters = true,
            TimeZone = TimeZoneInfo.Utc,
            MemberAccessStrategy = new DefaultMemberAccessStrategy(),
        };
        TemplateFilters.Register(options.Filters);
        return options;
    }

    /// <summary>Messages of other exceptions may quote the event.</summary>
    private static string Explain(Exception exception) =>
        exception switch
        {
            DivideByZeroException => "it divides by zero",
            OverflowException => "a number is too large",
            _ when exception.Message.Contains("maximum", StringComparison.OrdinalIgnoreCase) =>
                $"it takes more than {RenderBudget.MaxSteps} steps",
            _ => $"a filter or an operator can't use one of its values ({exception.GetType().Name})",
        };

    private static string? FindJsonError(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
            while (reader.Read())
            {
                // Reading is the check.
            }

            return null;
        }
        catch (JsonException exception)
        {
            // The message may quote the event.
            return $"(line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})";
        }
    }
}
