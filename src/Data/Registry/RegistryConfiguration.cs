using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Ops.Data.Registry;

internal sealed class ModelConfiguration : IEntityTypeConfiguration<Model>
{
    public void Configure(EntityTypeBuilder<Model> builder)
    {
        builder.Property(m => m.Id).ValueGeneratedNever();
        builder.Property(m => m.Name).HasMaxLength(Names.MaxLength);
        builder.Property(m => m.Revision).IsConcurrencyToken();
        builder.HasIndex(m => m.Name).IsUnique();
        builder.Property(m => m.LatestFormat).HasMaxLength(Model.MaxFormatLength);

        // One for each order of the list: with the first alone, a format that most models have would be read whole to be sorted otherwise.
        builder.HasIndex(m => new { m.LatestFormat, m.Name });
        builder.HasIndex(m => new { m.LatestFormat, m.UpdatedAt, m.Id });
        builder.HasIndex(m => new { m.LatestFormat, m.LatestVersion, m.Id });
        builder.HasIndex(m => new { m.UpdatedAt, m.Id });
    }
}

internal sealed class ModelVersionConfiguration : IEntityTypeConfiguration<ModelVersion>
{
    public void Configure(EntityTypeBuilder<ModelVersion> builder)
    {
        builder.Property(v => v.Id).ValueGeneratedNever();
        builder.Property(v => v.Revision).IsConcurrencyToken();
        builder.Property(v => v.Digest).HasMaxLength(64);
        builder.HasIndex(v => new { v.ModelId, v.Number }).IsUnique();
        builder.HasIndex(v => v.Digest);
        builder.Property(v => v.DamageMessage).HasMaxLength(ModelVersion.MaxDamageLength);
        builder.Ignore(v => v.IsDeleted);

        // Whose turn it is to be verified, and what the versions of a store weigh, are asked of all versions there are.
        builder.HasIndex(v => v.LastVerifiedAt);
        builder.HasIndex(v => v.VerifyRequestedAt);
        builder.HasIndex(v => new { v.State, v.DeletedAt });
        builder.HasIndex(v => new { v.Store, v.State, v.SizeBytes });
        builder.HasOne<Model>().WithMany().HasForeignKey(v => v.ModelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasMany(v => v.Files).WithOne().HasForeignKey(f => f.VersionId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class VersionFileConfiguration : IEntityTypeConfiguration<VersionFile>
{
    public void Configure(EntityTypeBuilder<VersionFile> builder)
    {
        builder.HasKey(f => new { f.VersionId, f.Path });
        builder.Property(f => f.Path).HasMaxLength(VersionFile.MaxPathLength);
        builder.Property(f => f.ObjectId).HasMaxLength(128);
        builder.HasIndex(f => f.ObjectId);
        builder.HasIndex(f => f.Sha256);
    }
}

internal sealed class ModelAliasConfiguration : IEntityTypeConfiguration<ModelAlias>
{
    public void Configure(EntityTypeBuilder<ModelAlias> builder)
    {
        builder.HasKey(a => new { a.ModelId, a.Name });
        builder.Property(a => a.Name).HasMaxLength(Names.MaxLength);

        // Of two people who move an alias at once, the second is told, so that the audit names the version it really moved from.
        builder.Property(a => a.VersionId).IsConcurrencyToken();
        builder.HasIndex(a => a.VersionId);
        builder.HasOne<Model>().WithMany().HasForeignKey(a => a.ModelId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<ModelVersion>().WithMany().HasForeignKey(a => a.VersionId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class RetentionRuleConfiguration : IEntityTypeConfiguration<RetentionRule>
{
    public void Configure(EntityTypeBuilder<RetentionRule> builder)
    {
        builder.Property(r => r.Id).ValueGeneratedNever();
        builder.Property(r => r.Revision).IsConcurrencyToken();
        builder.Ignore(r => r.Limits);
    }
}

internal sealed class VersionMoveConfiguration : IEntityTypeConfiguration<VersionMove>
{
    public void Configure(EntityTypeBuilder<VersionMove> builder)
    {
        builder.Property(m => m.Id).ValueGeneratedNever();
        builder.Property(m => m.Revision).IsConcurrencyToken();
        builder.Ignore(m => m.IsUnfinished);
        builder.HasIndex(m => new { m.State, m.RequestedAt });
        builder.HasIndex(m => m.VersionId);
        builder.HasOne<ModelVersion>().WithMany().HasForeignKey(m => m.VersionId).OnDelete(DeleteBehavior.Restrict);
        builder.HasMany(m => m.Files).WithOne().HasForeignKey(f => f.MoveId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class VersionMoveFileConfiguration : IEntityTypeConfiguration<VersionMoveFile>
{
    public void Configure(EntityTypeBuilder<VersionMoveFile> builder)
    {
        builder.HasKey(f => new { f.MoveId, f.FromObjectId });
        builder.Property(f => f.FromObjectId).HasMaxLength(128);
        builder.Property(f => f.ToObjectId).HasMaxLength(128);
        builder.HasIndex(f => f.ToObjectId);
    }
}
