using Microsoft.AspNetCore.Components;
using Ops.Dashboard.Features.Registry.Compare;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Pages;

public sealed partial class ComparePage
{
    private VersionDetail? before;
    private VersionDetail? after;
    private VersionDifference? difference;
    private string? missing;

    [Parameter]
    public string Name { get; set; } = "";

    [SupplyParameterFromQuery]
    public int? From { get; set; }

    [SupplyParameterFromQuery]
    public int? To { get; set; }

    [Inject]
    internal VersionQueries Versions { get; set; } = default!;

    private string Verdict => difference is { SameBytes: true }
        ? "The files are the same to the last bit."
        : $"What version {after!.Number} has that version {before!.Number} has not, and the other way round.";

    private string Unchanged => string.Join(", ", difference!.Sections.Where(s => s.Changes.Count == 0 && s.Same > 0).Select(s => s.Title.ToLowerInvariant()));

    protected override async Task OnParametersSetAsync()
    {
        if (From is not { } from || To is not { } to)
        {
            missing = "The address names no two versions: it ends in ?from=1&to=2.";
            return;
        }

        (before, after) = (await Versions.FindAsync(Name, from, Ended), await Versions.FindAsync(Name, to, Ended));
        if (before is null || after is null)
        {
            missing = $"\"{ModelPage.Shorten(Name)}\" has no version {(before is null ? from : to)}.";
            return;
        }

        difference = VersionDiff.Compare(Side(before), Side(after));
        missing = null;
    }

    private static VersionSide Side(VersionDetail version) => new(version.Format, version.Files, OnnxMetadata.Read(version.Format, version.MetadataJson));
}
