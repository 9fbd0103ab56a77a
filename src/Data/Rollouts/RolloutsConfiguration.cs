using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Ops.Data.Registry;
using Ops.Data.Targets;

namespace Ops.Data.Rollouts;

internal sealed class EndpointConfiguration : IEntityTypeConfiguration<Endpoint>
{
    public void Configure(EntityTypeBuilder<Endpoint> builder)
    {
        builder.Property(e => e.Id).ValueGeneratedNever();
        builder.Property(e => e.Revision).IsConcurrencyToken();
        builder.Property(e => e.Name).HasMaxLength(Names.MaxLength);
        builder.Ignore(e => e.Accepted);
        builder.Ignore(e => e.Open);
        builder.HasIndex(e => e.Name).IsUnique();
        builder.HasOne<Target>().WithMany().HasForeignKey(e => e.TargetId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class EndpointTokenConfiguration : IEntityTypeConfiguration<EndpointToken>
{
    public void Configure(EntityTypeBuilder<EndpointToken> builder)
    {
        builder.Property(t => t.Id).ValueGeneratedNever();
        builder.Property(t => t.Hash).HasMaxLength(64);
        builder.HasIndex(t => t.Hash).IsUnique();
        builder.HasOne<Endpoint>().WithMany().HasForeignKey(t => t.EndpointId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class PlanConfiguration : IEntityTypeConfiguration<Plan>
{
    public void Configure(EntityTypeBuilder<Plan> builder)
    {
        builder.Property(p => p.Id).ValueGeneratedNever();
        builder.Ignore(p => p.Spec);
        builder.HasIndex(p => p.EndpointId);
        builder.HasOne<Endpoint>().WithMany().HasForeignKey(p => p.EndpointId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<ModelVersion>().WithMany().HasForeignKey(p => p.VersionId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class RolloutConfiguration : IEntityTypeConfiguration<Rollout>
{
    public void Configure(EntityTypeBuilder<Rollout> builder)
    {
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.Property(r => r.Revision).IsConcurrencyToken();
        builder.HasIndex(r => new { r.EndpointId, r.Number }).IsUnique();
        builder.HasIndex(r => new { r.State, r.RequestedAt });
        builder.HasOne<Endpoint>().WithMany().HasForeignKey(r => r.EndpointId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Plan>().WithMany().HasForeignKey(r => r.PlanId).OnDelete(DeleteBehavior.Restrict);
        builder.HasMany(r => r.Decisions).WithOne().HasForeignKey(d => d.RolloutId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class RolloutEventConfiguration : IEntityTypeConfiguration<RolloutEvent>
{
    public void Configure(EntityTypeBuilder<RolloutEvent> builder)
    {
        builder.Property(e => e.Id).ValueGeneratedNever();
        builder.HasIndex(e => new { e.EndpointId, e.Id });
        builder.HasIndex(e => new { e.RolloutId, e.Id });
        builder.HasOne<Endpoint>().WithMany().HasForeignKey(e => e.EndpointId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class LeaseConfiguration : IEntityTypeConfiguration<Lease>
{
    public void Configure(EntityTypeBuilder<Lease> builder)
    {
        builder.HasKey(l => l.Name);
        builder.Property(l => l.Name).HasMaxLength(128);
        builder.Property(l => l.Revision).IsConcurrencyToken();
    }
}
