using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>Runs axe-core over pages, in light and in dark, and remembers what it found, so that one run tells about all pages.</summary>
public sealed class Axe
{
    // In one go: no page of ours has frames, whose results Deque's driver would put together in a window of its own, at twice the time.
    // Only what is wrong is described in full: to describe what is right as well takes most of axe's time.
    private const string Look =
        """
        async rules => {
          // Colours fade into each other, and halfway they are nobody's.
          await Promise.allSettled(document.getAnimations().filter(a => a instanceof CSSTransition).map(a => a.finished));
          const found = await axe.run(document, { resultTypes: ['violations'], ...(rules.length ? { runOnly: { type: 'rule', values: rules } } : {}) });
          const why = node => [...node.any, ...node.all, ...node.none][0]?.message ?? '';
          return found.violations.map(v => `${v.id}, ${v.help}: ${v.nodes.slice(0, 4).map(n => `${n.target.join(' ')} ${why(n)}`).join(' | ')}`);
        }
        """;

    // What depends on colours; everything else is the same in both themes and looked at once.
    private static readonly string[] Colours = ["color-contrast", "link-in-text-block"];
    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

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
        await window.Page.EvaluateAsync(Script).WaitAsync(BrowserFixture.Longest);
        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await window.Page.EmulateMediaAsync(new() { ColorScheme = theme });
            var found = await window.Page.EvaluateAsync<string[]>(Look, theme == ColorScheme.Light ? [] : Colours).WaitAsync(BrowserFixture.Longest);
            Looks++;
            violations.AddRange(found.Select(f => $"{name} ({theme}): {f}"));
        }
    }
}
