using System.Net;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Ops.Dashboard.Components.Controls;

/// <summary>
/// Turns Markdown that anybody may have written into HTML that can do nothing: HTML in the text is shown as text, links lead to http and
/// https only, and images from elsewhere are not loaded, since they would tell their server who reads.
/// </summary>
internal static class MarkdownHtml
{
    private const int SmallestHeading = 6;
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks().Build();

    /// <summary>Renders.</summary>
    /// <param name="markdown">The text.</param>
    /// <param name="headingBase">The level of the heading above it, so that the page keeps one order of headings.</param>
    /// <param name="links">Where relative links and pictures lead; without it neither is shown as one.</param>
    public static string Render(string markdown, int headingBase, IMarkdownLinks? links = null)
    {
        try
        {
            var document = Markdown.Parse(markdown, Pipeline);
            Disarm(document, headingBase, links);
            return document.ToHtml(Pipeline);
        }
        catch (ArgumentException)
        {
            // Nested deeper than parser or renderer follow: shown as it was typed.
            return $"<pre>{WebUtility.HtmlEncode(markdown)}</pre>";
        }
    }

    private static void Disarm(MarkdownDocument document, int headingBase, IMarkdownLinks? links)
    {
        // A header nobody filled in is announced as nothing; a table may do without.
        foreach (var header in document.Descendants<TableRow>().Where(row => row.IsHeader && !row.Descendants<LeafInline>().Any()).ToList())
        {
            header.Parent!.Remove(header);
        }

        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            heading.Level = Math.Min(SmallestHeading, heading.Level + headingBase);
        }

        foreach (var link in document.Descendants<LinkInline>().ToList())
        {
            var url = link.GetDynamicUrl?.Invoke() ?? link.Url ?? "";
            if (!IsWeb(url) && (link.IsImage ? links?.Image(url) : links?.Link(url)) is { } here)
            {
                (link.GetDynamicUrl, link.Url) = (null, here);
                link.GetAttributes().AddPropertyIfNotExist(link.IsImage ? "loading" : "download", link.IsImage ? "lazy" : "");
            }
            else if (link.IsImage || !IsWeb(url))
            {
                link.ReplaceBy(new ContainerInline(), copyChildren: true);
            }
            else
            {
                Guard(link);
            }
        }

        foreach (var link in document.Descendants<AutolinkInline>().ToList())
        {
            if (link.IsEmail || !IsWeb(link.Url))
            {
                link.ReplaceBy(new LiteralInline(link.Url), copyChildren: false);
            }
            else
            {
                Guard(link);
            }
        }
    }

    private static bool IsWeb(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp);

    private static void Guard(Inline link)
    {
        var attributes = link.GetAttributes();
        attributes.AddPropertyIfNotExist("rel", "noopener noreferrer nofollow");
        attributes.AddPropertyIfNotExist("target", "_blank");
    }
}
