using Azure.Data.Tables;

namespace LocalHost.Tests.Tables;

public abstract partial class TableContractTests
{
    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("a?b")]
    [InlineData("a\tb")]
    [InlineData("a\u007fb")]
    [InlineData("a\u0085b")]
    public async Task Key_with_a_forbidden_character_is_refused(string key)
    {
        await FailsAsync(400, "InvalidInput", () => table.AddEntityAsync(new TableEntity(key, "r")));
        await FailsAsync(400, "InvalidInput", () => table.AddEntityAsync(new TableEntity("p", key)));
    }

    [Fact]
    public async Task Key_may_have_512_characters()
    {
        var longest = new string('k', 512);
        await table.AddEntityAsync(new TableEntity(longest, longest));

        Assert.Equal(longest, (await GetAsync(longest, longest)).RowKey);
    }

    [Fact]
    public async Task Value_has_at_most_64_KiB()
    {
        await FailsAsync(
            400,
            "PropertyValueTooLarge",
            () => table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = new string('x', (32 * 1024) + 1) })
        );
        await FailsAsync(
            400,
            "PropertyValueTooLarge",
            () => table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = new byte[(64 * 1024) + 1] })
        );
    }
}
