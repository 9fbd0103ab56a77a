using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>The YAML block that model cards begin with, as facts: plain values and lists of plain values. Nothing deeper is read, and no alias is ever expanded.</summary>
internal static class FrontMatter
{
    private const int MaxLength = 16 * 1024;
    private const int MaxFacts = 40;
    private const int MaxItems = 20;
    private const int MaxText = 300;

    /// <summary>Splits a card.</summary>
    /// <returns>The facts, empty where there is no block that can be read, and the text without the block.</returns>
    public static (IReadOnlyList<KeyValuePair<string, string>> Facts, string Text) Split(string card)
    {
        var text = card.ReplaceLineEndings("\n").TrimStart('\uFEFF');
        if (!text.StartsWith("---\n", StringComparison.Ordinal))
        {
            return ([], text);
        }

        var end = text.IndexOf("\n---\n", 3, StringComparison.Ordinal);
        var yaml = end < 0 ? "" : text[4..Math.Max(4, end)];
        if (end < 0 || yaml.Length > MaxLength)
        {
            return ([], text);
        }

        try
        {
            return (Read(yaml), text[(end + 5)..]);
        }
        catch (YamlException)
        {
            // Shown as it was written.
            return ([], text);
        }
    }

    private static List<KeyValuePair<string, string>> Read(string yaml)
    {
        var parser = new Parser(new StringReader(yaml));
        List<KeyValuePair<string, string>> facts = [];
        List<string> items = [];
        string? key = null;
        var (depth, inList) = (0, false);
        while (parser.MoveNext())
        {
            switch (parser.Current)
            {
                case Scalar scalar when depth == 1 && key is null:
                    key = Cut(scalar.Value);
                    break;
                case Scalar scalar when depth == 1:
                    Add(scalar.Value);
                    break;
                case Scalar scalar when depth == 2 && inList:
                    items.Add(scalar.Value);
                    break;
                case AnchorAlias when depth == 1 && key is not null:
                    key = null;
                    break;
                case MappingStart or SequenceStart:
                    inList = depth == 1 ? parser.Current is SequenceStart : inList;
                    depth++;
                    break;
                case MappingEnd or SequenceEnd:
                    depth--;
                    if (depth == 1)
                    {
                        Add(inList ? string.Join(", ", items.Take(MaxItems)) + (items.Count > MaxItems ? " …" : "") : "");
                        items.Clear();
                    }

                    break;
            }
        }

        return facts;

        void Add(string value)
        {
            if (key is { Length: > 0 } && value.Length > 0 && facts.Count < MaxFacts)
            {
                facts.Add(new(key, Cut(value)));
            }

            key = null;
        }
    }

    private static string Cut(string value)
    {
        var text = string.Concat(value.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return text.Length <= MaxText ? text : text[..MaxText] + "…";
    }
}
