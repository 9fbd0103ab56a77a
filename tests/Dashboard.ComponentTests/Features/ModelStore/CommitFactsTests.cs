using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Ops.Dashboard.ComponentTests.Components;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Recording;
using Ops.Dashboard.Tests.Features.ModelStore.Stores;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.ComponentTests.Features.ModelStore;

public sealed class CommitFactsTests : IAsyncLifetime
{
    private static readonly string Commit = string.Concat(Enumerable.Repeat("0123456789", 4));
    private readonly ControlsContext bunit = new();
    private readonly History history = new();
    private StoresWorld world = null!;

    public async ValueTask InitializeAsync()
    {
        world = await StoresWorld.CreateAsync();
        world.Buckets.Versions = history;
        await world.AddAsync();
        bunit.Services.AddSingleton(new WrittenVersions(world.Stores, bunit.Time, NullLogger<WrittenVersions>.Instance));
    }

    public async ValueTask DisposeAsync()
    {
        await bunit.DisposeAsync();
        await world.DisposeAsync();
    }

    [Fact]
    public void Render_WrittenDown_ShowsTheCommitShortToBeCopiedWholeAndTheTag()
    {
        history.Answer.SetResult(new(Commit, "digits/v3"));

        var facts = Render("minio");

        facts.WaitForElement("dd [data-copy='digits/v3']");
        Assert.Equal(["Commit", "Tag"], facts.FindAll("dt").Select(t => t.TextContent));
        var shown = facts.Find("dd .hash");
        Assert.StartsWith("0123456789", shown.TextContent.Trim(), StringComparison.Ordinal);
        Assert.DoesNotContain(Commit, shown.TextContent, StringComparison.Ordinal);
        Assert.NotNull(shown.QuerySelector($"[data-copy='{Commit}']"));
    }

    [Fact]
    public void Render_StoreTakesItsTime_IsThereBeforeTheAnswer()
    {
        var facts = Render("minio");
        Assert.Contains("Asking the store", facts.Markup, StringComparison.Ordinal);

        history.Answer.SetResult(new(Commit, "digits/v3"));
        facts.WaitForElement("dd [data-copy='digits/v3']");
    }

    [Fact]
    public void Render_StoreFails_SaysSoAndAsksAgainWhenTold()
    {
        history.Answer.SetException(new StoreUnavailableException(StoreProblem.Unreachable, "fatal: https://intern.example/x.git is away"));
        var facts = Render("minio");
        var again = facts.WaitForElement("button");
        Assert.Contains("The store minio does not answer", facts.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("intern.example", facts.Markup, StringComparison.Ordinal);

        history.Answer = new();
        history.Answer.SetResult(new(Commit, "digits/v3"));
        again.Click();

        facts.WaitForElement("dd [data-copy='digits/v3']");
    }

    [Fact]
    public void Render_StoreNeverAnswers_GivesUpAfterAWhile()
    {
        var facts = Render("minio");
        facts.WaitForAssertion(() => Assert.Equal(1, history.Asked));

        bunit.Time.Advance(TimeSpan.FromSeconds(16));

        facts.WaitForElement("button");
        Assert.Contains("does not answer", facts.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Render_NotWrittenYet_SaysThatItWillBe()
    {
        history.Answer.SetResult(null);

        var facts = Render("minio");

        Assert.Equal("Look again", facts.WaitForElement("button").TextContent);
        Assert.Equal(["Commit"], facts.FindAll("dt").Select(t => t.TextContent));
    }

    [Fact]
    public void Render_StoreThatKeepsNoVersions_ShowsNothing()
    {
        var facts = Render(Store.BuiltInName);

        Assert.Equal("", facts.Markup.Trim());
        Assert.Equal(0, history.Asked);
    }

    [Fact]
    public void Render_VersionMovesToAnotherStore_ShowsWhatThatOneSays()
    {
        history.Answer.SetResult(new(Commit, "digits/v3"));
        var facts = Render(Store.BuiltInName);

        facts.Render(p => p.Add(f => f.Store, "minio"));

        facts.WaitForElement("dd [data-copy='digits/v3']");
    }

    private IRenderedComponent<CommitFacts> Render(string store) => bunit.Render<CommitFacts>(p => p.Add(f => f.Store, store).Add(f => f.Model, "digits").Add(f => f.Number, 3));

    private sealed class History : IVersionHistory
    {
        public TaskCompletionSource<WrittenVersion?> Answer { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Asked { get; private set; }

        public Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellation) => throw new NotSupportedException();

        public Task<string> RecordAsync(VersionRecord version, CancellationToken cancellation) => throw new NotSupportedException();

        public Task ForgetAsync(string model, int number, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<WrittenVersion?> FindAsync(string model, int number, CancellationToken cancellation)
        {
            Asked++;
            Assert.Equal(("digits", 3), (model, number));
            return Answer.Task.WaitAsync(cancellation);
        }
    }
}
