using System.Globalization;
using Ops.Dashboard.Features.Registry.Formats;
using Ops.Dashboard.Features.Registry.Onnx;
using Ops.Dashboard.Features.Registry.Queries;

namespace Ops.Dashboard.Features.Registry.Compare;

/// <summary>One side of a comparison.</summary>
/// <param name="Format">The format's name.</param>
/// <param name="Files">All files.</param>
/// <param name="Info">What the model says about itself, or null when that is not known.</param>
internal sealed record VersionSide(string Format, IReadOnlyList<FileView> Files, OnnxModelInfo? Info);

/// <summary>Compares two versions of a model. Pure: the same two sides always give the same answer.</summary>
internal static class VersionDiff
{
    /// <summary>Finds the differences from one side to the other.</summary>
    public static VersionDifference Compare(VersionSide from, VersionSide to)
    {
        var files = Files(from.Files, to.Files);
        List<DiffSection> sections = [];
        IReadOnlyList<string>? breaks = null;
        if (from.Info is { } before && to.Info is { } after)
        {
            sections.Add(Values("Inputs", before.Inputs, after.Inputs));
            sections.Add(Values("Outputs", before.Outputs, after.Outputs));
            breaks = SignatureCompatibility.Breaks(before, after);
        }

        sections.Add(files);
        sections.Add(Pairs("Model", Facts(from), Facts(to)));
        sections.Add(Pairs("Operators", Counts(from.Info?.Operators), Counts(to.Info?.Operators)));
        sections.Add(Pairs("Metadata of the author", from.Info?.Metadata ?? Nothing, to.Info?.Metadata ?? Nothing));
        return new(files.Changes.Count == 0, sections, breaks);
    }

    private static readonly Dictionary<string, string> Nothing = [];

    private static DiffSection Files(IReadOnlyList<FileView> from, IReadOnlyList<FileView> to)
    {
        // A file that kept its bytes under another path is one move, not one removal and one addition.
        var gone = from.Where(f => to.All(t => t.Path != f.Path)).ToList();
        List<FieldChange> changes = [];
        var same = 0;
        foreach (var file in to)
        {
            var earlier = from.FirstOrDefault(f => f.Path == file.Path);
            if (earlier?.Sha256 == file.Sha256)
            {
                same++;
            }
            else if (earlier is not null)
            {
                changes.Add(new(file.Path, Text(earlier), Text(file)));
            }
            else if (gone.Find(f => f.Sha256 == file.Sha256) is { } moved)
            {
                gone.Remove(moved);
                changes.Add(new($"{file.Path} (same bytes)", moved.Path, file.Path));
            }
            else
            {
                changes.Add(new(file.Path, null, Text(file)));
            }
        }

        changes.AddRange(gone.Select(f => new FieldChange(f.Path, Text(f), null)));
        return new("Files", [.. changes.OrderBy(c => c.What, StringComparer.Ordinal)], same);
    }

    private static string Text(FileView file) => $"{Components.Controls.Format.Bytes(file.SizeBytes)}, SHA-256 {Components.Controls.Format.ShortHash(file.Sha256)}";

    private static DiffSection Values(string title, IReadOnlyList<OnnxValueInfo> from, IReadOnlyList<OnnxValueInfo> to) =>
        Pairs(title, ByName(from), ByName(to));

    private static Dictionary<string, string> ByName(IReadOnlyList<OnnxValueInfo> values) =>
        values.DistinctBy(v => v.Name).ToDictionary(v => v.Name, SignatureText.Describe);

    private static Dictionary<string, string> Facts(VersionSide side)
    {
        Dictionary<string, string> facts = new() { ["Format"] = FormatText.Label(side.Format) };
        if (side.Info is { } info)
        {
            facts["Producer"] = SignatureText.Producer(info);
            facts["IR version"] = Number(info.IrVersion);
            facts["Parameters"] = Number(info.ParameterCount);
            facts["Nodes"] = Number(info.NodeCount);
            facts["Graph"] = info.GraphName;
            facts["Description in the file"] = info.DocString;
            foreach (var (domain, version) in info.OpsetImports)
            {
                facts[$"Operator set {domain}"] = Number(version);
            }
        }

        return facts.Where(f => f.Value.Length > 0).ToDictionary();
    }

    private static Dictionary<string, string> Counts(IReadOnlyDictionary<string, long>? counts) =>
        (counts ?? new Dictionary<string, long>()).ToDictionary(c => c.Key, c => Number(c.Value));

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    private static DiffSection Pairs(string title, IReadOnlyDictionary<string, string> from, IReadOnlyDictionary<string, string> to)
    {
        var changes = from.Keys.Union(to.Keys)
            .Select(key => new FieldChange(key, from.GetValueOrDefault(key), to.GetValueOrDefault(key)))
            .Where(change => change.Before != change.After)
            .ToList();
        return new(title, changes, from.Count(pair => to.TryGetValue(pair.Key, out var other) && other == pair.Value));
    }
}
