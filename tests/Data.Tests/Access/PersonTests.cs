using Ops.Data.Access;

namespace Ops.Data.Tests.Access;

public sealed class PersonTests
{
    private static readonly DateTimeOffset Later = Examples.Noon.AddDays(1);

    [Fact]
    public void Create_CanAlwaysView()
    {
        var person = Person.Create("olga", Roles.Operator | Roles.OnCall, Examples.Noon);
        Assert.Equal(Roles.Viewer | Roles.Operator | Roles.OnCall, person.Roles);
        Assert.True(person is { IsEnabled: true, LockoutEnabled: true, SecurityStamp.Length: > 0 });
    }

    [Fact]
    public void SetRoles_ToNone_LeavesTheView()
    {
        var person = Examples.Person();
        person.SetRoles(Roles.None);
        Assert.Equal(Roles.Viewer, person.Roles);
    }

    [Fact]
    public void Disable_EndsSessions_AndOnlyOnce()
    {
        var person = Examples.Person();
        var stamp = person.SecurityStamp;

        Assert.True(person.Disable(Later).Succeeded);

        Assert.NotEqual(stamp, person.SecurityStamp);
        Assert.Equal((Later, false), (person.DisabledAt, person.IsEnabled));
        Assert.Equal(FailureKind.Conflict, person.Disable(Later.AddDays(1)).Failure?.Kind);
        Assert.Equal(Later, person.DisabledAt);
    }

    [Fact]
    public void Enable_BringsNoSessionBack_AndOnlyWhenDisabled()
    {
        var person = Examples.Person();
        var stamp = person.SecurityStamp;
        Assert.Equal(FailureKind.Conflict, person.Enable().Failure?.Kind);
        person.Disable(Later);

        Assert.True(person.Enable().Succeeded);

        Assert.True(person.IsEnabled);
        Assert.NotEqual(stamp, person.SecurityStamp);
    }

    [Fact]
    public void EndSessions_EveryTime_AnotherStamp()
    {
        var person = Examples.Person();
        var stamps = Enumerable.Range(0, 3).Select(_ =>
        {
            person.EndSessions();
            return person.SecurityStamp;
        });
        Assert.Equal(3, stamps.Distinct().Count());
    }
}
