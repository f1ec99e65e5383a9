using System.Text.Json;
using CsCheck;
using EventSubscriptions.Http;
using EventSubscriptions.Subscriptions.Filters;

namespace EventSubscriptions.Tests.Subscriptions.Filters;

public sealed class SubscriptionFilterTests
{
    private const string Payload = """
        {
          "eventName": "CaseClosedEvent",
          "organizationId": 7,
          "data": {
            "severity": 7, "big": 9007199254740993, "exact": 1.0, "status": "open", "note": null, "isOpen": true, "a.b": "dotted",
            "tags": ["disk", "prod"], "hosts": [{"name": "web-1", "ports": [80, 443]}, {"name": "db-1"}], "empty": [], "owner": {"name": "Ann"},
            "huge": 1e999, "tiny": -1e999, "bad": "\ud800", "\udc00": 1
          }
        }
        """;

    private static readonly JsonElement s_payload = JsonElement.Parse(Payload);

    [Theory]
    [InlineData("""{"eventName":"CaseClosedEvent"}""", true)]
    [InlineData("""{"organizationId":7}""", true)]
    [InlineData("""{"data.severity":7}""", true)]
    [InlineData("""{"data.severity":7.0}""", true)]
    [InlineData("""{"data.exact":1}""", true)]
    [InlineData("""{"data.severity":"7"}""", false)]
    [InlineData("""{"data.big":9007199254740993}""", true)]
    [InlineData("""{"data.big":9007199254740992}""", false)]
    [InlineData("""{"data.big":{"$gt":9007199254740992}}""", true)]
    [InlineData("""{"data.isOpen":true}""", true)]
    [InlineData("""{"data.isOpen":false}""", false)]
    [InlineData("""{"data.a\\.b":"dotted"}""", true)]
    [InlineData("""{"data.a.b":"dotted"}""", false)]
    [InlineData("""{"data.status":"Open"}""", false)]
    [InlineData("""{"data.status":{"$eq":"open"}}""", true)]
    [InlineData("""{"data.status":{"$neq":"open"}}""", false)]
    [InlineData("""{"data.missing":{"$neq":"open"}}""", true)]
    [InlineData("""{"data.note":null}""", true)]
    [InlineData("""{"data.missing":null}""", false)]
    [InlineData("""{"data.missing":{"$neq":null}}""", true)]
    [InlineData("""{"data.status":null}""", false)]
    [InlineData("""{"data.severity":{"$gt":6,"$lt":8}}""", true)]
    [InlineData("""{"data.severity":{"$gt":7}}""", false)]
    [InlineData("""{"data.severity":{"$gte":7,"$lte":7}}""", true)]
    [InlineData("""{"data.severity":{"$lt":7}}""", false)]
    [InlineData("""{"data.severity":{"$gt":"6"}}""", false)]
    [InlineData("""{"data.status":{"$gt":"oped"}}""", true)]
    [InlineData("""{"data.status":{"$lt":"a"}}""", false)]
    [InlineData("""{"data.isOpen":{"$gt":0}}""", false)]
    [InlineData("""{"data.missing":{"$lte":0}}""", false)]
    [InlineData("""{"data.status":{"$in":["new","open",null]}}""", true)]
    [InlineData("""{"data.status":{"$nin":["new","open"]}}""", false)]
    [InlineData("""{"data.missing":{"$nin":["new"]}}""", true)]
    [InlineData("""{"data.tags":"prod"}""", true)]
    [InlineData("""{"data.tags":{"$neq":"prod"}}""", false)]
    [InlineData("""{"data.tags":{"$nin":["test"]}}""", true)]
    [InlineData("""{"data.empty":{"$neq":"prod"}}""", true)]
    [InlineData("""{"data.empty":null}""", false)]
    [InlineData("""{"data.hosts.name":{"$startsWith":"db"}}""", true)]
    [InlineData("""{"data.hosts.name":{"$endsWith":"-2"}}""", false)]
    [InlineData("""{"data.hosts.ports":443}""", true)]
    [InlineData("""{"data.tags":{"$contains":"is"}}""", true)]
    [InlineData("""{"data.severity":{"$contains":"7"}}""", false)]
    [InlineData("""{"data.note":{"$exist":true}}""", true)]
    [InlineData("""{"data.empty":{"$exist":true}}""", true)]
    [InlineData("""{"data.hosts.ports":{"$exist":true}}""", true)]
    [InlineData("""{"data.hosts.disks":{"$exist":false}}""", true)]
    [InlineData("""{"data.status.x":{"$exist":true}}""", false)]
    [InlineData("""{"data.owner":{"$exist":true}}""", true)]
    [InlineData("""{"data.owner.name":"Ann","data.severity":7}""", true)]
    [InlineData("""{"data.owner.name":"Ann","data.severity":8}""", false)]
    [InlineData("""{"$or":[{"data.severity":8},{"data.status":"open"}]}""", true)]
    [InlineData("""{"$or":[{"data.severity":8},{"data.status":"new"}]}""", false)]
    [InlineData("""{"$and":[{"data.severity":7},{"data.status":"new"}]}""", false)]
    [InlineData("""{"$not":{"data.severity":8}}""", true)]
    [InlineData("""{"$not":{"$or":[{"data.severity":8},{"data.status":"open"}]}}""", false)]
    [InlineData("""{"data.huge":{"$gt":1}}""", true)]
    [InlineData("""{"data.tiny":{"$gt":1}}""", false)]
    [InlineData("""{"data.severity":{"$lt":1e999}}""", true)]
    [InlineData("""{"data.bad":"x"}""", false)]
    [InlineData("""{"data.bad":{"$neq":"x"}}""", true)]
    [InlineData("""{"data.bad":{"$startsWith":""}}""", false)]
    public void Filter_matches_by_its_operators(string filter, bool matches)
    {
        Assert.Equal(matches, SubscriptionFilter.Parse(filter).Matches(s_payload));
        Assert.Equal(!matches, SubscriptionFilter.Parse($$"""{"$not":{{filter}}}""").Matches(s_payload));
    }

    [Theory]
    [InlineData("[]", "filter", "must be an object with at least one path, $and, $or or $not")]
    [InlineData("{}", "filter", "must be an object with at least one path, $and, $or or $not")]
    [InlineData("7", "filter", "must be an object with at least one path, $and, $or or $not")]
    [InlineData(
        """{"severity":7}""",
        "filter.severity",
        "must start at the payload's root: eventName, organizationId, data. Did you mean 'data.severity'?"
    )]
    [InlineData("""{"data..x":7}""", "filter.data..x", "must be a path such as data.severity")]
    [InlineData("""{"$nor":[]}""", "filter.$nor", "is not a known operator; did you mean '$or'?")]
    [InlineData("""{"$or":{}}""", "filter.$or", "must be an array of at least one filter")]
    [InlineData("""{"$or":[]}""", "filter.$or", "must be an array of at least one filter")]
    [InlineData("""{"$or":[{"data.x":{"$gt":true}}]}""", "filter.$or[0].data.x.$gt", "must be a number or a string")]
    [InlineData("""{"data.x":{"$gtt":1}}""", "filter.data.x.$gtt", "is not a known operator; did you mean '$gt'?")]
    [InlineData("""{"data.x":{}}""", "filter.data.x", "must have at least one operator")]
    [InlineData(
        """{"data.x":[1]}""",
        "filter.data.x",
        "must be a string, number, boolean, null or an object of operators; use $in for several values"
    )]
    [InlineData("""{"data.x":{"$eq":[1]}}""", "filter.data.x.$eq", "must be a string, number, boolean or null")]
    [InlineData("""{"data.x":{"$in":[]}}""", "filter.data.x.$in", "must be an array of at least one string, number, boolean or null")]
    [InlineData("""{"data.x":{"$in":[{}]}}""", "filter.data.x.$in", "must be an array of at least one string, number, boolean or null")]
    [InlineData("""{"data.x":{"$contains":1}}""", "filter.data.x.$contains", "must be a string")]
    [InlineData("""{"data.x":{"$exist":1}}""", "filter.data.x.$exist", "must be true or false")]
    [InlineData("""{"data.x":1,"data.x":2}""", "filter.data.x", "is given more than once")]
    [InlineData(
        """{"$not":{"$not":{"$not":{"$not":{"$not":{"$not":{"$not":{"$not":{"data.x":1}}}}}}}}}""",
        "filter.$not.$not.$not.$not.$not.$not.$not.$not",
        "must not be nested deeper than 8 levels"
    )]
    public void Error_names_the_path_and_the_operator(string filter, string field, string message)
    {
        var errors = Read(filter, out var read);

        Assert.Null(read);
        Assert.Equal((field, message), (Assert.Single(errors.ByField()).Key, Assert.Single(errors.ByField()[field])));
    }

    [Fact]
    public void Filter_has_at_most_4_KiB_of_compact_JSON()
    {
        var filter = $$"""{ "data.x":   "{{new string('x', 4096 - 13)}}" }""";

        Assert.False(Read(filter, out var longest).Any);
        Assert.Equal(4096, longest!.Json.Length);
        Assert.Equal(["filter"], Read(filter.Replace("data.x", "data.xy", StringComparison.Ordinal), out _).ByField().Keys);
    }

    [Fact]
    public void Stored_filter_is_the_filter_that_was_read()
    {
        Assert.False(Read("""{ "data.x" : { "$in" : [ 1, "ü" ] } }""", out var filter).Any);

        Assert.Equal("""{"data.x":{"$in":[1,"ü"]}}""", filter!.Json);
        Assert.Equal(filter, SubscriptionFilter.Parse(filter.Json));
        Assert.True(SubscriptionFilter.Parse(filter.Json).Matches(JsonElement.Parse("""{"data":{"x":"ü"}}""")));
    }

    [Fact]
    public void Filter_and_its_negation_partition_all_documents() =>
        Gen.Select(Filter(3), Value(4))
            .Sample(
                pair =>
                {
                    var (filter, data) = pair;
                    var document = JsonElement.Parse($$"""{"data":{{data}}}""");
                    var matches = SubscriptionFilter.Parse(filter).Matches(document);
                    return SubscriptionFilter.Parse($$"""{"$not":{{filter}}}""").Matches(document) != matches
                        && SubscriptionFilter.Parse($$"""{"$and":[{{filter}},{{filter}}]}""").Matches(document) == matches
                        && SubscriptionFilter.Parse($$"""{"$or":[{{filter}},{"$not":{{filter}}}]}""").Matches(document);
                },
                iter: 5_000
            );

    private static FieldErrors Read(string filter, out SubscriptionFilter? read)
    {
        var errors = new FieldErrors();
        read = FilterParser.Read(new FieldReader(JsonElement.Parse($$"""{"filter":{{filter}}}"""), errors), "filter");
        return errors;
    }

    private static Gen<string> Scalar() =>
        Gen.OneOf(
            "null",
            "true",
            "false",
            "0",
            "-1",
            "1.0",
            "1",
            "1e300",
            "9007199254740993",
            "\"\"",
            "\"a\"",
            "\"b\"",
            "\"ab\"",
            "\"\\ud800\""
        );

    private static Gen<string> Name() => Gen.OneOf("a", "b", "c");

    private static Gen<string> Value(int depth) =>
        depth == 0
            ? Scalar()
            : Gen.OneOf(
                Scalar(),
                Value(depth - 1).Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
                Gen.Select(Name(), Value(depth - 1))
                    .Array[0, 3]
                    .Select(members => $"{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}")
            );

    private static Gen<string> FilterScalar() => Scalar().Where(value => value != "\"\\ud800\"");

    private static Gen<string> Filter(int depth)
    {
        var path = Name().Array[0, 3].Select(names => string.Join('.', names.Prepend("data")));
        var test = Gen.OneOf(
            FilterScalar(),
            Gen.Select(Gen.OneOf("$eq", "$neq"), FilterScalar(), (name, value) => $$"""{"{{name}}":{{value}}}"""),
            Gen.Select(
                Gen.OneOf("$gt", "$gte", "$lt", "$lte"),
                FilterScalar().Where(value => value is not ("null" or "true" or "false")),
                (name, value) => $$"""{"{{name}}":{{value}}}"""
            ),
            Gen.Select(
                Gen.OneOf("$in", "$nin"),
                FilterScalar().Array[1, 3],
                (name, values) => $$"""{"{{name}}":[{{string.Join(',', values)}}]}"""
            ),
            Gen.Select(
                Gen.OneOf("$startsWith", "$endsWith", "$contains"),
                Gen.OneOf("", "a", "b"),
                (name, value) => $$"""{"{{name}}":"{{value}}"}"""
            ),
            Gen.Bool.Select(value => $$"""{"$exist":{{(value ? "true" : "false")}}}""")
        );
        var simple = Gen.Select(path, test, (at, what) => $$"""{"{{at}}":{{what}}}""");
        return depth == 0
            ? simple
            : Gen.OneOf(
                simple,
                Filter(depth - 1).Select(inner => $$"""{"$not":{{inner}}}"""),
                Gen.Select(
                    Gen.OneOf("$and", "$or"),
                    Filter(depth - 1).Array[1, 3],
                    (name, inner) => $$"""{"{{name}}":[{{string.Join(',', inner)}}]}"""
                )
            );
    }
}
