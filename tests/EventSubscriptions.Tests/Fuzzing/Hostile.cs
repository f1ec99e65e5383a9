using System.Text;
using CsCheck;

namespace EventSubscriptions.Tests.Fuzzing;

/// <summary>What callers and producers may send: texts, numbers, times, URLs and whole bodies, right ones among wrong ones.</summary>
internal static class Hostile
{
    /// <summary>
    /// Pieces of a JSON string as they stand in it, escapes and all: no text, half a text, and what means something to tables, logs, pages
    /// or clients.
    /// </summary>
    private static readonly Gen<string> s_piece = Gen.Frequency<string>(
        (
            20,
            Gen.OneOf(
                "a",
                "Z",
                "0",
                " ",
                "  ",
                "é",
                "ß",
                "漢",
                "😀",
                "e\u0301",
                "\u00a0",
                "\u00ad",
                "\u200b",
                "\u200d",
                "\u202e",
                "\u2028",
                "\u2066",
                "\u3164",
                "\ufeff",
                "\ufe0f",
                "\uffff",
                "\ud7ff",
                "\ue000",
                "\U000e0041",
                "\U0010ffff",
                "'",
                "' or 1 eq 1",
                "/",
                "\\/",
                "#",
                "?",
                "%",
                "%00",
                "&",
                "=",
                "+",
                ";",
                ":",
                ",",
                ".",
                "..",
                "*",
                "<b>",
                "\\\"",
                "\\\\",
                "\\n",
                "\\r\\n",
                "\\t",
                "\\u0000",
                "\\u001b",
                "\\u0085",
                "\\ud83d\\ude00",
                "\u007f",
                "xn--",
                "W/"
            )
        ),
        (1, Gen.OneOf("\\ud800", "\\udfff", "\\ud83d\\u0041", "\\u", "\\x", "\n", "\0", "\""))
    );

    /// <summary>A text as it stands between the quotes of a JSON string, and often no text at all.</summary>
    public static readonly Gen<string> Raw = Gen.Frequency(
        (6, s_piece.Array[0, 6].Select(string.Concat)),
        (1, Gen.String),
        (
            1,
            Gen.Select(
                s_piece,
                Gen.OneOf(63, 64, 65, 127, 128, 129, 256, 257, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 4097),
                (piece, count) => string.Concat(Enumerable.Repeat(piece, count))
            )
        )
    );

    public static readonly Gen<string> Number = Gen.OneOf(
        Gen.OneOf(
            "0",
            "-0",
            "1",
            "-1",
            "1.0",
            "10.0",
            "1e1",
            "1E+1",
            "0.5",
            "1.5",
            "1e-1",
            "1e400",
            "1e-400",
            "1e99999999999",
            "2147483647",
            "2147483648",
            "-2147483649",
            "9223372036854775808",
            "00",
            "01",
            "+1",
            ".5",
            "NaN",
            "0x1"
        ),
        Gen.Int.Select(number => $"{number}"),
        Gen.Double.Select(number => $"{number:R}"),
        Gen.Select(Gen.Int[-99, 99], Gen.Int[-12, 12], (number, exponent) => $"{number}e{exponent}")
    );

    /// <summary>Times at the ends of what clients, .NET and tables know, and in other languages' forms.</summary>
    public static readonly Gen<string> Time = Gen.OneOf(
        Gen.OneOf(
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "0001-01-01T00:00:00-14:00",
            "1600-12-31T23:59:59Z",
            "1601-01-01T00:00:00Z",
            "1970-01-01T00:00Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.999999999Z",
            "9999-12-31T23:59:59-14:00",
            "10000-01-01T00:00:00Z",
            "2026-01-31T08:30:00",
            "2026-01-31",
            "2026-02-29T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T23:59:60Z",
            "2026-01-31t08:30:00.123456789z",
            "2026-01-31T08:30:00.Z",
            "2026-01-31T08:30:00+0200",
            "2026-01-31 08:30:00Z",
            "yesterday"
        ),
        Gen.DateTime.Select(time => $"{time:yyyy-MM-ddTHH:mm:ss.FFFFFFF}Z"),
        Gen.Select(
            Gen.DateTime,
            Gen.Int[-15, 15],
            (time, offset) => $"{time:yyyy-MM-ddTHH:mm:ss}{(offset < 0 ? '-' : '+')}{Math.Abs(offset):00}:00"
        )
    );

    /// <summary>URLs whose hosts nobody looks up: no event is delivered to them.</summary>
    public static readonly Gen<string> Url = Gen.Select(
        Gen.OneOf(
            "https://",
            "HTTPS://",
            "http://",
            "https:/",
            "ftp://",
            "javascript:",
            "//",
            "https://u:p@",
            "https://@",
            "https://[",
            " https://"
        ),
        Gen.OneOf(
            Gen.OneOf(
                "example.com",
                "example.com.",
                "EXAMPLE.com",
                "bücher.example",
                "bu\u0308cher.example",
                "אתר1.example",
                "אa.example",
                "xn--a.example",
                "xn--.example",
                "a..b.example",
                "-a.example",
                "a_b.example",
                "127.1",
                "0x7f.1",
                "2130706433",
                "[::1]",
                "[::ffff:10.0.0.1]",
                "[fe80::1%25eth0]",
                "169.254.169.254",
                "localhost",
                "１２７.0.0.1",
                "例え.テスト",
                "👍.example",
                "example",
                "",
                ".",
                "%6c",
                "0.0.0.0"
            ),
            Gen.Select(
                Gen.OneOf("ü", "a", "漢", "א"),
                Gen.Int[1, 70],
                (letter, count) => string.Concat(Enumerable.Repeat(letter, count)) + ".example"
            ),
            Gen.Int[1, 90].Select(count => string.Concat(Enumerable.Repeat("abc.", count)) + "example"),
            s_piece.Array[1, 3].Select(pieces => string.Concat(pieces) + ".example")
        ),
        Gen.OneOf("", ":0", ":443", ":25", ":65535", ":65536", ":-1", ":x"),
        Gen.OneOf(
            Gen.Const("/"),
            Gen.Const(""),
            Raw.Select(raw => "/" + raw),
            Raw.Select(raw => "/?" + raw),
            Raw.Select(raw => "/?a=" + raw + "&b"),
            Raw.Select(raw => "/#" + raw)
        ),
        (scheme, host, port, path) => scheme + host + port + path
    );

    /// <summary>Any JSON, and what looks like it.</summary>
    public static readonly Gen<string> Json = Gen.Recursive<string>(
        (depth, self) =>
            Gen.Frequency<string>(
                (4, Raw.Select(Quoted)),
                (4, Number),
                (2, Time.Select(Quoted)),
                (2, Gen.OneOf("true", "false", "null", "{}", "[]", "", "}", "nul", "[1,]", "'x'")),
                (1, Gen.OneOf(Deep(60), Deep(64), Deep(65), Deep(200))),
                (depth > 3 ? 0 : 2, self.Array[0, 4].Select(items => $"[{string.Join(',', items)}]")),
                (
                    depth > 3 ? 0 : 2,
                    Gen.Select(Raw, self)
                        .Array[0, 4]
                        .Select(members => $"{{{string.Join(',', members.Select(member => $"{Quoted(member.Item1)}:{member.Item2}"))}}}")
                )
            )
    );

    /// <summary>An object with these members, most of them as given, some of them with any other value, absent, or there twice.</summary>
    public static Gen<string> Object(params (string Name, Gen<string> Value)[] members) =>
        Gen.Select(
            Members(members),
            Gen.Frequency((20, Gen.Const("")), (1, Gen.Select(Raw, Json, (name, value) => $"{Quoted(name)}:{value}"))),
            (known, more) => $"{{{string.Join(',', known.Append(more).Where(member => member.Length > 0))}}}"
        );

    /// <summary>The bytes of a text, now and then with one of them changed or cut off at one.</summary>
    public static Gen<byte[]> Bytes(Gen<string> text) =>
        Gen.Select(
            text.Select(Encoding.UTF8.GetBytes),
            Gen.Frequency((30, Gen.Const(0)), (1, Gen.Const(1)), (1, Gen.Const(2)), (1, Gen.Const(3))),
            Gen.Int[0, int.MaxValue],
            (bytes, change, at) =>
                change switch
                {
                    1 when bytes.Length > 0 => [.. bytes[..(at % bytes.Length)], (byte)at, .. bytes[((at % bytes.Length) + 1)..]],
                    2 when bytes.Length > 0 => bytes[..(at % bytes.Length)],
                    3 => [0xEF, 0xBB, 0xBF, .. bytes],
                    _ => bytes,
                }
        );

    public static string Quoted(string raw) => $"\"{raw}\"";

    private static Gen<string[]> Members((string Name, Gen<string> Value)[] members)
    {
        var all = members
            .Select(member =>
                Gen.Frequency<string>(
                    (20, member.Value.Select(value => $"\"{member.Name}\":{value}")),
                    (2, Json.Select(value => $"\"{member.Name}\":{value}")),
                    (1, Gen.Const("")),
                    (1, Gen.Select(member.Value, Json, (value, other) => $"\"{member.Name}\":{value},\"{member.Name}\":{other}"))
                )
            )
            .ToArray();
        return all.Aggregate(
            Gen.Const<string[]>([]),
            (known, next) => Gen.Select(known, next, (before, one) => (string[])[.. before, one])
        );
    }

    private static string Deep(int levels) => new string('[', levels) + new string(']', levels);
}
