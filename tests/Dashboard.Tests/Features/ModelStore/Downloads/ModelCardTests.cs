using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.ModelStore.Downloads;

namespace Ops.Dashboard.Tests.Features.ModelStore.Downloads;

public sealed class ModelCardTests
{
    private static readonly CardLinks Links = new("digits", 3, new HashSet<string>(StringComparer.Ordinal) { "img/a b.png", "x.svg", "data.csv" });

    [Fact]
    public void Split_FrontMatter_BecomesFacts()
    {
        var (facts, text) = FrontMatter.Split("---\r\nlicense: mit\r\ntags:\r\n  - vision\r\n  - digits\r\nmodel-index:\r\n  - name: x\r\n    results: [1]\r\nempty:\r\nmetrics: [accuracy, f1]\r\n---\r\n# Digits\r\n");

        Assert.Equal("# Digits\n", text);
        Assert.Equal([new("license", "mit"), new("tags", "vision, digits"), new("metrics", "accuracy, f1")], facts.Where(f => f.Key != "model-index"));
    }

    [Theory]
    [InlineData("---\na: [\n---\ntext")]
    [InlineData("---\na: 1\ntext without an end")]
    [InlineData("no front matter\n---\na: 1\n---\n")]
    public void Split_NoneThatCanBeRead_LeavesTheTextAlone(string card)
    {
        var (facts, text) = FrontMatter.Split(card);

        Assert.Empty(facts);
        Assert.Equal(card, text);
    }

    [Fact]
    public void Split_Aliases_AreNeverExpanded()
    {
        var bomb = "---\na: &a [x, x]\nb: &b [*a, *a, *a]\nc: [*b, *b, *b]\nd: *a\ne: fine\n---\n";

        var (facts, _) = FrontMatter.Split(bomb);

        Assert.Equal([new("a", "x, x"), new("e", "fine")], facts);
    }

    [Fact]
    public void Render_RelativePicturesAndLinks_LeadToFilesOfTheVersion()
    {
        var html = MarkdownHtml.Render("![plot](img/a%20b.png) [data](./data.csv#top)", 2, Links);

        Assert.Contains("<img src=\"/models/digits/versions/3/files/img/a%20b.png\" loading=\"lazy\" alt=\"plot\" />", html, StringComparison.Ordinal);
        Assert.Contains("href=\"/models/digits/versions/3/files/data.csv\"", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("![x](https://tracker.example/x.png)")]
    [InlineData("![x](//tracker.example/x.png)")]
    [InlineData("![x](x.svg)")]
    [InlineData("![x](../../../account/sign-out)")]
    [InlineData("![x](data:image/png;base64,AAAA)")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<script>alert(1)</script>")]
    public void Render_AnythingElse_IsNoElement(string markdown)
    {
        var html = MarkdownHtml.Render(markdown, 2, Links);

        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](/account/sign-out)")]
    [InlineData("[x](../2/files/data.csv)")]
    public void Render_OtherLinks_AreText(string markdown) => Assert.DoesNotContain("<a ", MarkdownHtml.Render(markdown, 2, Links), StringComparison.Ordinal);
}
