using Microsoft.Playwright;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Startup;
using Ops.Data.Targets;
using Ops.EndToEnd.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Ops.EndToEnd.Tests.Fleet;

public sealed class FiftyEndpointsTests(BrowserFixture browser) : BrowserTest(browser)
{
    private const int Count = 50;
    private static readonly string[] Subjects = ["fraud-scoring", "churn", "image-moderation-for-marketplace-listings-in-three-languages", "eta", "search-ranking", "speech-to-intent", "demand-forecast"];

    [Fact]
    public async Task Overview_OfFiftyEndpoints_StaysReadable()
    {
        TestPerson person = null!;

        // Another process holds the right to act for as long as the test runs, so nothing is started for what was only written down.
        var dashboard = Own(await DashboardProcess.StartAsync(
            async db =>
            {
                person = TestPerson.Add(db, Roles.OnCall, "nora");
                Seed(db);
                await db.SaveChangesAsync();
            },
            ("Ops:Rollouts:LeaseSeconds", "300")));
        var nora = Own(await Browser.SignInAsync(dashboard, person));
        await nora.GoAsync("/");

        var tiles = nora.Page.GetByRole(AriaRole.Article);
        await Expect(tiles).ToHaveCountAsync(Count);
        await nora.Page.ScreenshotAsync(new() { Path = TestFolders.Result("overview-50-endpoints.png"), FullPage = true });

        foreach (var (width, most) in new[] { (1280, 13), (1920, 9) })
        {
            await nora.Page.SetViewportSizeAsync(width, 900);
            var layout = await nora.Page.EvaluateAsync<Layout>(
                """
                () => {
                  const tiles = [...document.querySelectorAll('main article')].map(t => t.getBoundingClientRect());
                  const overlap = tiles.some((a, i) => tiles.slice(i + 1).some(b => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1));
                  const cut = [...document.querySelectorAll('main article *')].filter(e => e.children.length === 0 && e.textContent.trim() !== '' && e.scrollWidth > e.clientWidth + 1
                    && getComputedStyle(e).display !== 'inline' && !e.closest('[title]') && !e.classList.contains('visually-hidden')).map(e => e.textContent.trim());
                  return {
                    rows: new Set(tiles.map(t => Math.round(t.top))).size,
                    overlap,
                    cut,
                    sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth,
                    smallest: Math.min(...[...document.querySelectorAll('main article *')].filter(e => e.children.length === 0 && e.textContent.trim() !== '').map(e => parseFloat(getComputedStyle(e).fontSize))),
                  };
                }
                """);
            Assert.True(layout.Rows <= most, $"{layout.Rows} rows at {width} pixels.");
            Assert.False(layout.Overlap, $"Tiles overlap at {width} pixels.");
            Assert.False(layout.Sideways, $"The page scrolls sideways at {width} pixels.");
            Assert.Empty(layout.Cut);
            Assert.True(layout.Smallest >= 12, $"Text of {layout.Smallest} pixels.");
        }

        Assert.Empty(nora.Errors);
    }

    private static void Seed(RegistryDb db)
    {
        var now = TimeProvider.System.GetUtcNow();
        var target = db.Targets.Single(t => t.Name == RegistryMigrator.LocalTargetName);
        var owner = db.Users.Local.Single();
        db.Leases.Add(new() { Name = "rollouts", Holder = "another machine", ExpiresAt = now.AddHours(1) });
        for (var index = 0; index < Count; index++)
        {
            var name = $"{Subjects[index % Subjects.Length]}-{index}";
            var model = Model.Create(name, "", owner.Id, owner.UserName!, now).Value;
            db.Models.Add(model);
            var version = NewVersion(model, model.NextVersion("onnx", now).Value, owner, now);
            db.Versions.Add(version);
            var endpoint = Endpoint.Create(name, target.Id, owner.Id, owner.UserName!, now).Value;
            db.Endpoints.Add(endpoint);
            if (index % 3 == 0)
            {
                // Served by nobody yet.
                continue;
            }

            var plan = Plan.Seal(Spec(endpoint, target, model, version), owner.Id, owner.UserName!, now);
            db.Plans.Add(plan);
            var rollout = Rollout.Request(plan, Details(owner, index % 3 == 1 ? 0 : 1, now));
            db.Rollouts.Add(rollout);
            if (index % 3 == 1)
            {
                Assert.True(rollout.Start(now).Succeeded && rollout.Succeed(now).Succeeded);
                Assert.True(endpoint.Activate(rollout.Id).Succeeded && endpoint.Settle(rollout.Id, plan.Id).Succeeded);
            }
        }
    }

    private static ModelVersion NewVersion(Model model, int number, Person owner, DateTimeOffset now)
    {
        var id = Guid.CreateVersion7(now);
        return ModelVersion.Create(
            [new() { VersionId = id, Path = "model.onnx", SizeBytes = 1, Sha256 = new string('a', 64), ObjectId = Guid.NewGuid().ToString("N") }],
            new() { Id = id, ModelId = model.Id, Number = number, Format = "onnx", Store = "filesystem", UploadedById = owner.Id, UploadedByName = owner.UserName!, Now = now });
    }

    private static PlanSpec Spec(Endpoint endpoint, Target target, Model model, ModelVersion version) => new()
    {
        EndpointId = endpoint.Id,
        Endpoint = endpoint.Name,
        TargetId = target.Id,
        Target = target.Name,
        Environment = target.Environment,
        Model = model.Name,
        VersionId = version.Id,
        Version = version.Number,
        VersionDigest = version.Digest,
        Replicas = 2,
    };

    private static NewRollout Details(Person owner, int approvals, DateTimeOffset now) => new()
    {
        Number = 1,
        RequestedById = owner.Id,
        RequestedByName = owner.UserName!,
        VersionUploadedById = owner.Id,
        Reason = "seeded",
        RequiredApprovals = approvals,
        ApproverRole = Roles.Approver,
        Lifetime = TimeSpan.FromHours(1),
        Now = now,
    };

    private sealed record Layout
    {
        public int Rows { get; init; }

        public bool Overlap { get; init; }

        public bool Sideways { get; init; }

        public double Smallest { get; init; }

        public string[] Cut { get; init; } = [];
    }
}
