using System.Globalization;
using System.Text.RegularExpressions;
using Fluid;

namespace EventSubscriptions.Subscriptions.Formats.Templates;

/// <summary>
/// The part of Liquid that subscriptions can use: no files (<c>include</c>, <c>render</c>), and nothing whose output can't be bounded
/// (<c>capture</c>, <c>tablerow</c>).
/// </summary>
internal sealed partial class TemplateParser : FluidParser
{
    /// <summary>
    /// How often each of these may occur. Fluid recurses for every one of them, and nothing but the end of the process ends too deep a
    /// recursion.
    /// </summary>
    private static readonly (string Text, int Max)[] s_nesting = [("{%", 128), ("|", 256), ("[", 256), ("(", 128)];

    private const int MaxOperands = 256;

    private static readonly string[] s_tags = ["assign", "break", "case", "comment", "#", "continue", "for", "if", "raw", "unless"];

    private static readonly TemplateParser s_parser = new();

    private TemplateParser()
    {
        foreach (var tag in RegisteredTags.Keys.Except(s_tags, StringComparer.Ordinal).ToList())
        {
            RegisteredTags.Remove(tag);
        }
    }

    /// <summary>Parses a template. If it returns null, <paramref name="error"/> is the rest of a sentence that starts with its field.</summary>
    /// <param name="text">The template.</param>
    /// <param name="error">What is wrong with it, or null.</param>
    /// <param name="secrets">The secrets that it uses by name.</param>
    public static IFluidTemplate? TryParse(string text, out string? error, out IReadOnlyCollection<string> secrets)
    {
        secrets = [];
        foreach (var (part, max) in s_nesting)
        {
            if (text.AsSpan().Count(part) > max)
            {
                error = $"must have at most {max} times \"{part.Trim()}\"";
                return null;
            }
        }

        if (Operator().Count(text) > MaxOperands)
        {
            error = $"must have at most {MaxOperands} times \"and\" and \"or\"";
            return null;
        }

        if (!s_parser.TryParse(text, out var parsed, out var problem) || parsed is null)
        {
            error = Explain(problem ?? "it could not be parsed");
            return null;
        }

        var rewriter = new TemplateRewriter(text);
        var template = rewriter.VisitTemplate(parsed);
        (error, secrets) = (rewriter.Error, rewriter.Secrets);
        return error is null ? template : null;
    }

    /// <summary>The message of Fluid, which has the position as <c>at (line:column)</c> and then the source.</summary>
    private static string Explain(string problem)
    {
        var line = problem.AsSpan()[..(problem.AsSpan().IndexOfAny('\r', '\n') is >= 0 and var end ? end : problem.Length)].ToString();
        var match = Position().Match(line);
        return match.Success
            ? IsInvalid(line[..match.Index], match.Groups["line"].ValueSpan, match.Groups["column"].ValueSpan)
            : $"is not a valid template: {line.TrimEnd('.')}";
    }

    internal static string IsInvalid(string why, ReadOnlySpan<char> line, ReadOnlySpan<char> column) =>
        string.Create(CultureInfo.InvariantCulture, $"is not a valid template: {why.TrimEnd(' ', '.')} (line {line}, column {column})");

    [GeneratedRegex(@"\b(?:and|or)\b", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Operator();

    [GeneratedRegex(@" at \((?<line>\d+):(?<column>\d+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Position();
}
