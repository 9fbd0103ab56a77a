using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Runs axe-core over pages, in light and in dark, and remembers what it found, so that one run tells about all pages.</summary>
public sealed class Axe
{
    // Only what is wrong is described in full: to describe what is right as well takes most of axe's time.
    private static readonly HashSet<ResultType> Wrong = [ResultType.Violations];
    private static readonly AxeRunOptions Everything = new() { ResultTypes = Wrong };

    // What depends on colours; everything else is the same in both themes and looked at once.
    private static readonly AxeRunOptions Colours = new() { ResultTypes = Wrong, RunOnly = new() { Type = "rule", Values = ["color-contrast", "link-in-text-block"] } };

    private readonly List<string> violations = [];

    /// <summary>How many pages were looked at, each theme for itself.</summary>
    public int Looks { get; private set; }

    /// <summary>What was found so far, a line each.</summary>
    public IReadOnlyList<string> Violations => violations;

    /// <summary>Looks at the page as it stands.</summary>
    /// <param name="window">The window.</param>
    /// <param name="name">What to call the page.</param>
    public async Task LookAsync(SignedIn window, string name)
    {
        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await window.Page.EmulateMediaAsync(new() { ColorScheme = theme });

            // Colours fade into each other, and halfway they are nobody's.
            await window.Page.EvaluateAsync("() => Promise.allSettled(document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished))");
            var found = await window.Page.RunAxe(theme == ColorScheme.Light ? Everything : Colours);
            Looks++;
            violations.AddRange(found.Violations.Select(v => $"{name} ({theme}): {v.Id}, {v.Help}: {string.Join(" | ", v.Nodes.Take(4).Select(Describe))}"));
        }
    }

    private static string Describe(AxeResultNode node) => $"{node.Target} {node.Any.Concat(node.All).Concat(node.None).Select(c => c.Message).FirstOrDefault()}";
}
