using Ops.Dashboard.Features.Access.Authorization;
using Ops.Dashboard.Tests.Support;
using Ops.Data.Access;
using Ops.Testing;

namespace Ops.Dashboard.Tests.Features.Access;

public sealed class PeopleNowTests(TestRegistry registry) : IClassFixture<TestRegistry>
{
    [Fact]
    public async Task FindForOpenPageAsync_KnownPerson_AnswersWithoutWaitingUntilTooOld()
    {
        var (person, _) = await registry.AddPersonAsync(Roles.Operator);
        var time = new ManualTime();
        var people = new PeopleNow(registry.Databases, time);
        Assert.Equal(Roles.Operator | Roles.Viewer, (await people.FindForOpenPageAsync(person.Id))!.Roles);
        await registry.ChangeAsync(person.Id, p => p.SetRoles(Roles.Viewer));

        time.Advance(PeopleNow.Freshness + TimeSpan.FromSeconds(1));
        var soon = people.FindForOpenPageAsync(person.Id);

        // A look-up that waited would have Blazor take the open page down.
        Assert.True(soon.IsCompleted);
        Assert.True((await soon)!.Roles.HasFlag(Roles.Operator));

        time.Advance(PeopleNow.OpenPageAge);
        Assert.False((await people.FindForOpenPageAsync(person.Id))!.Roles.HasFlag(Roles.Operator));
    }

    [Fact]
    public async Task FindAsync_RolesChanged_IsAtMostAsOldAsItsFreshness()
    {
        var (person, _) = await registry.AddPersonAsync(Roles.Operator);
        var time = new ManualTime();
        var people = new PeopleNow(registry.Databases, time);
        await people.FindAsync(person.Id);
        await registry.ChangeAsync(person.Id, p => p.SetRoles(Roles.Viewer));

        time.Advance(PeopleNow.Freshness);

        Assert.Equal(Roles.Viewer, (await people.FindAsync(person.Id))!.Roles);
    }
}
