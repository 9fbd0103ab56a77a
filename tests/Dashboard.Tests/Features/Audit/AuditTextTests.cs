using Ops.Dashboard.Features.Audit;
using Ops.Data.Audit;

namespace Ops.Dashboard.Tests.Features.Audit;

public sealed class AuditTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\"")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("  =1", "'  =1")]
    [InlineData("\uFF1D1", "'\uFF1D1")]
    public void Line_Field_IsTextInASpreadsheet(string value, string expected) => Assert.Equal(expected + ",x\r\n", CsvText.Line(value, "x"));

    [Fact]
    public void Compare_NestedDocuments_GivesOneRowAValue()
    {
        var rows = JsonDiff.Compare(
            """{"name":"digits","spec":{"replicas":1,"nodes":["a","b"]},"gone":true}""",
            """{"name":"digits","spec":{"replicas":2,"nodes":["a"]},"fresh":null}""");
        Assert.Equal(
            [
                new("name", "digits", "digits"), new("spec.replicas", "1", "2"), new("spec.nodes[0]", "a", "a"), new("spec.nodes[1]", "b", null),
                new("gone", "true", null), new("fresh", null, "null"),
            ],
            rows);
        Assert.Equal(["spec.replicas", "spec.nodes[1]", "gone", "fresh"], rows.Where(row => row.Changed).Select(row => row.Key));
    }

    [Theory]
    [InlineData(null, null, 0)]
    [InlineData("not json", null, 1)]
    [InlineData("3", "4", 1)]
    [InlineData("{}", "[]", 1)]
    public void Compare_OddDocuments_StillShow(string? before, string? after, int rows) => Assert.Equal(rows, JsonDiff.Compare(before, after).Count);

    [Fact]
    public void AddTo_ParsedFilter_WritesTheSameAddress()
    {
        var filter = AuditFilter.Parse(" anna ", "rollout.", "rollout", "REFUSED", "2026-11-22T08:00", "2026-11-23T08:00Z", "di&g=its");
        var address = filter.AddTo("/audit", ("after", "x"));
        Assert.Equal("/audit?after=x&person=anna&action=rollout.&subject=rollout&result=refused&from=2026-11-22T08%3A00&to=2026-11-23T08%3A00&q=di%26g%3Dits", address);
        Assert.Equal((AuditResult.Refused, "anna"), (filter.Result, filter.Person));
    }

    [Fact]
    public void Parse_Nonsense_NarrowsNothing() =>
        Assert.True(AuditFilter.Parse(" ", "", null, "7", "yesterday", "2026-99-99", "\t").IsEmpty);
}
