using Ops.Dashboard.Components.Controls;

namespace Ops.Dashboard.Tests.Components;

public sealed class MarkdownHtmlTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("before <img src=x onerror=alert(1)> after")]
    [InlineData("<a href=\"javascript:alert(1)\">x</a>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](java\tscript:alert(1))")]
    [InlineData("[x](&#106;avascript:alert(1))")]
    [InlineData("[x](data:text/html,<script>alert(1)</script>)")]
    [InlineData("[x](vbscript:msgbox)")]
    [InlineData("[x](//evil.example/)")]
    [InlineData("[x](/account/sign-out)")]
    [InlineData("<javascript:alert(1)>")]
    [InlineData("![x](https://evil.example/pixel.png)")]
    [InlineData("![x](javascript:alert(1))")]
    [InlineData("[x]: javascript:alert(1)\n\n[x]")]
    [InlineData("[x](https://ok.example \"\\\" onmouseover=alert(1) \\\"\")")]
    [InlineData("`<script>alert(1)</script>`")]
    [InlineData("    <script>alert(1)</script>")]
    [InlineData("| a |\n|---|\n| <script>alert(1)</script> |")]
    [InlineData("<!-- --><svg/onload=alert(1)>")]
    public void Render_WhatCouldDoSomething_IsInert(string markdown)
    {
        var html = MarkdownHtml.Render(markdown, 2);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<svg", html, StringComparison.OrdinalIgnoreCase);
        foreach (var href in html.Split("href=\"").Skip(1))
        {
            Assert.StartsWith("https://ok.example", href, StringComparison.Ordinal);
        }

        // Inside a tag, a quote would end the attribute it is in.
        Assert.DoesNotMatch("<[^>]*\\son[a-z]+=[^>]*>", html.Replace("&quot;", "", StringComparison.Ordinal).Replace("title=\" onmouseover=alert(1) \"", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Render_WebLinks_OpenWithoutAWayBack()
    {
        foreach (var markdown in new[] { "[x](https://example.org/a?b=c)", "<https://example.org/>", "see https://example.org/ there" })
        {
            var html = MarkdownHtml.Render(markdown, 2);
            Assert.Contains("href=\"https://example.org/", html, StringComparison.Ordinal);
            Assert.Contains("rel=\"noopener noreferrer nofollow\"", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Render_Headings_BeginBelowTheOneAbove()
    {
        var html = MarkdownHtml.Render("# One\n\n###### Six", 2);
        Assert.Contains("<h3>One</h3>", html, StringComparison.Ordinal);
        Assert.Contains("<h6>Six</h6>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NestedWithoutEnd_AnswersAsText()
    {
        foreach (var markdown in new[] { new string('>', 4000), new string('[', 4000), string.Concat(Enumerable.Repeat("- ", 2000)), new string('*', 4000) })
        {
            Assert.NotEmpty(MarkdownHtml.Render(markdown + "<b>", 2));
            Assert.DoesNotContain("<b>", MarkdownHtml.Render(markdown + "<b>", 2), StringComparison.Ordinal);
        }
    }
}
