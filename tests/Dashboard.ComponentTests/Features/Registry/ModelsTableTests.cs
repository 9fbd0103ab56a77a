using Bunit;
using Ops.Dashboard.Commands;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.Registry.Pages;
using Ops.Dashboard.Features.Registry.Queries;
using Ops.Data.Targets;

namespace Ops.Dashboard.ComponentTests.Features.Registry;

public sealed class ModelsTableTests
{
    private static readonly ModelRows Nothing = new([], null, null);

    [Fact]
    public void Render_EmptyRegistry_TellsUploadersHowToStart()
    {
        using var context = Context(Right.UploadVersions);

        var table = Render(context, Nothing, new(), isRegistryEmpty: true);

        Assert.Equal("No model yet", table.Find("h2").TextContent);
        Assert.Equal("/models/upload", table.Find("a.button").GetAttribute("href"));
    }

    [Fact]
    public void Render_EmptyRegistryForAViewer_OffersNoUpload()
    {
        using var context = Context();

        var table = Render(context, Nothing, new(), isRegistryEmpty: true);

        Assert.Empty(table.FindAll("a"));
        Assert.Contains("role operator", table.Find(".empty").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NothingMatches_OffersTheWholeList()
    {
        using var context = Context(Right.UploadVersions);

        var table = Render(context, Nothing, ModelListFilter.Parse("nothing like this", null, null, null));

        Assert.Equal("No model matches", table.Find("h2").TextContent);
        Assert.Equal("/models", table.Find("a.button").GetAttribute("href"));
        Assert.Equal("No model is in use", Render(context, Nothing, new()).Find("h2").TextContent);
    }

    [Fact]
    public void Render_Rows_LinkToModelVersionAliasAndEndpoint()
    {
        using var context = Context();
        var id = Guid.NewGuid();
        var row = new ModelRow(id, "digits", "olga", 3, context.Time.GetUtcNow(), false)
        {
            Tags = ["vision & more"],
            Format = "onnx",
            SizeBytes = 2048,
            Aliases = [new(id, "champion", 2, context.Time.GetUtcNow(), "olga")],
            Runs = [new(id, "digits-prod", TargetEnvironment.Production, 2, false), new(id, "digits-dev", TargetEnvironment.Dev, 3, true)],
        };

        var table = Render(context, new([row], null, "digits"), new());

        Assert.Equal(
            ["/models/digits", "/models?q=vision%20%26%20more", "/models/digits/versions/3", "/models/digits/versions/2", "/endpoints/digits-prod", "/endpoints/digits-dev"],
            table.FindAll("tbody a").Select(a => a.GetAttribute("href")));
        Assert.Equal("2 KiB", table.FindAll("tbody td.number")[1].TextContent);
        Assert.Contains("rolling out to", table.Markup, StringComparison.Ordinal);
        Assert.EndsWith("?after=digits", table.Find("a[rel=next]").GetAttribute("href"), StringComparison.Ordinal);
        Assert.Empty(table.FindAll("a[rel=prev]"));
    }

    [Fact]
    public void Render_Headers_SortFromTheInterestingEndAndTurnAround()
    {
        using var context = Context();
        var row = new ModelRow(Guid.NewGuid(), "digits", "olga", 0, context.Time.GetUtcNow(), true);

        var table = Render(context, new([row], null, null), ModelListFilter.Parse(null, null, null, "-updated"));

        Assert.Equal([null, null, "descending"], table.FindAll("th:has(a)").Select(h => h.GetAttribute("aria-sort")));
        Assert.Equal(["", "?sort=-version", "?sort=updated"], table.FindAll("th a").Select(a => new Uri(a.GetAttribute("href")!).Query));
        Assert.Contains("Archived", table.Find("tbody").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_HostileTexts_StayText()
    {
        using var context = Context();
        var row = new ModelRow(Guid.NewGuid(), "digits", "<script>alert(1)</script>", 1, context.Time.GetUtcNow(), false) { Tags = ["=cmd|'/c calc'!A0", "<img src=x onerror=alert(1)>", "\" onclick=\"x"] };

        var table = Render(context, new([row], null, null), new());

        Assert.Empty(table.FindAll("script, img, [onclick], [onerror]"));
        Assert.All(table.FindAll("a.chip"), a => Assert.StartsWith("/models?q=", a.GetAttribute("href"), StringComparison.Ordinal));
    }

    private static ControlsContext Context(params Right[] rights)
    {
        var context = new ControlsContext();
        context.AddPerson(rights);
        return context;
    }

    private static IRenderedComponent<ModelsTable> Render(ControlsContext context, ModelRows page, ModelListFilter filter, bool isRegistryEmpty = false) =>
        context.Render<ModelsTable>(parameters => parameters.Add(t => t.Page, page).Add(t => t.Filter, filter).Add(t => t.IsRegistryEmpty, isRegistryEmpty));
}
