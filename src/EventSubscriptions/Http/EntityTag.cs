using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Http;

/// <summary>The version of a resource: a strong entity tag (RFC 9110 §8.8.3), a hash of the row's own.</summary>
public readonly record struct EntityTag
{
    private const int HashLength = 12;

    private readonly string _quoted;

    private EntityTag(string quoted) => _quoted = quoted;

    /// <summary>The tag of the version of a row.</summary>
    public static EntityTag Of(ETag row)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(row.ToString()));
        return new($"\"{Base64Url.EncodeToString(hash.AsSpan(0, HashLength))}\"");
    }

    /// <inheritdoc/>
    public override string ToString() => _quoted ?? "";
}

/// <summary>The precondition <c>If-Match</c> (RFC 9110 §13.1.1) of a change.</summary>
public sealed class IfMatch
{
    private static readonly IfMatch s_anything = new(null);

    private readonly EntityTagList? _tags;

    private IfMatch(EntityTagList? tags) => _tags = tags;

    /// <summary>Whether the caller insists on a version. Otherwise a change that meets another is repeated on top of it.</summary>
    public bool IsDemanded => _tags is not null;

    /// <summary>Reads the header; reports an error if it is malformed. Absent and <c>*</c> accept any version.</summary>
    public static IfMatch Read(HttpRequest request, FieldErrors errors)
    {
        if (!request.Headers.TryGetValue(HeaderNames.IfMatch, out var values) || values.Count == 0)
        {
            return s_anything;
        }

        if (!EntityTagList.TryParse(values, out var tags))
        {
            errors.Add(HeaderNames.IfMatch, "must be * or quoted entity tags, as in the header ETag");
            return s_anything;
        }

        return tags.IsAny ? s_anything : new IfMatch(tags);
    }

    /// <summary>Whether the version matches.</summary>
    public bool Accepts(ETag row) => Accepts(EntityTag.Of(row).ToString());

    /// <summary>Whether the entity tag of the version matches; null if the resource doesn't exist.</summary>
    public bool Accepts(string? tag) => _tags is null || (tag is not null && _tags.Holds(tag));
}

/// <summary>The entity tags of <c>If-Match</c> or <c>If-None-Match</c>.</summary>
internal sealed class EntityTagList
{
    private const string Blanks = " \t";

    private readonly HashSet<string> _tags = new(StringComparer.Ordinal);

    /// <summary>Whether any version matches: <c>*</c>.</summary>
    public bool IsAny { get; private set; }

    /// <summary>
    /// Parses a list (RFC 9110 §5.6.1, §8.8.3); returns false if it is malformed or empty. The framework's parser throws for some headers.
    /// </summary>
    public static bool TryParse(StringValues header, [NotNullWhen(true)] out EntityTagList? list)
    {
        var found = new EntityTagList();
        list = header.All(value => found.TryAdd(value)) && (found.IsAny || found._tags.Count > 0) ? found : null;
        return list is not null;
    }

    /// <summary>
    /// Whether the list contains a version. Proxies that compress make our tags weak or append a suffix (Apache); the version is the same,
    /// so these match, although RFC 9110 requires a strong comparison for <c>If-Match</c>.
    /// </summary>
    public bool Holds(string tag) => IsAny || _tags.Contains(tag) || _tags.Contains($"{tag[..^1]}-gzip\"");

    private bool TryAdd(ReadOnlySpan<char> rest)
    {
        while (!(rest = rest.TrimStart(Blanks)).IsEmpty)
        {
            if (rest[0] == '*')
            {
                IsAny = true;
                rest = rest[1..];
            }
            else if (rest[0] != ',')
            {
                rest = rest.StartsWith("W/", StringComparison.Ordinal) ? rest[2..] : rest;
                var length = rest is ['"', .. var tag] ? tag.IndexOf('"') : -1;
                if (length < 0)
                {
                    return false;
                }

                _tags.Add(rest[..(length + 2)].ToString());
                rest = rest[(length + 2)..];
            }

            rest = rest.TrimStart(Blanks);
            if (rest is [not ',', ..])
            {
                return false;
            }

            rest = rest.IsEmpty ? rest : rest[1..];
        }

        return true;
    }
}
