using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Http;

/// <summary>A resource's version as HTTP shows it: a strong entity tag (RFC 9110 §8.8.3), opaque, made from the row's own.</summary>
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
    private static readonly IfMatch s_anything = new([]);

    private readonly IList<EntityTagHeaderValue> _tags;

    private IfMatch(IList<EntityTagHeaderValue> tags) => _tags = tags;

    /// <summary>Whether the caller insists on a version: without, a change that meets another is made again on top of it.</summary>
    public bool IsDemanded => _tags.Count > 0;

    /// <summary>Reads the header; a malformed one is a mistake. Absent and <c>*</c> accept whichever version is there.</summary>
    public static IfMatch Read(HttpRequest request, FieldErrors errors)
    {
        if (!request.Headers.TryGetValue(HeaderNames.IfMatch, out var values) || values.Count == 0)
        {
            return s_anything;
        }

        if (!EntityTagHeaderValue.TryParseStrictList(values, out var tags))
        {
            errors.Add(HeaderNames.IfMatch, "must be * or entity tags in quotes, as the header ETag gives them");
            return s_anything;
        }

        return tags.Contains(EntityTagHeaderValue.Any) ? s_anything : new IfMatch(tags);
    }

    /// <summary>Whether the version will do. Weak tags never match.</summary>
    public bool Accepts(ETag row)
    {
        var current = EntityTag.Of(row).ToString();
        return !IsDemanded || _tags.Any(tag => !tag.IsWeak && tag.Tag.Equals(current, StringComparison.Ordinal));
    }
}
