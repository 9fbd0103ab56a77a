using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Ops.Data.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class LifeCycle : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "DamageMessage",
                table: "Versions",
                type: "TEXT",
                maxLength: 2000,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "DeletedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DeletedByName",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "LastVerifiedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "PurgedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "StateBeforeDamage",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "StateBeforeDeletion",
                table: "Versions",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "VerifyRequestedAt",
                table: "Versions",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "RetentionRules",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    IsEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    KeepLast = table.Column<int>(type: "INTEGER", nullable: false),
                    KeepDays = table.Column<int>(type: "INTEGER", nullable: false),
                    ChangedByName = table.Column<string>(type: "TEXT", nullable: false),
                    ChangedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_RetentionRules", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "VersionMoves",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    VersionId = table.Column<Guid>(type: "TEXT", nullable: false),
                    FromStore = table.Column<string>(type: "TEXT", nullable: false),
                    ToStore = table.Column<string>(type: "TEXT", nullable: false),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    RequestedByName = table.Column<string>(type: "TEXT", nullable: false),
                    RequestedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    EndedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    FailureMessage = table.Column<string>(type: "TEXT", nullable: true),
                    Revision = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_VersionMoves", x => x.Id);
                    table.ForeignKey(
                        name: "FK_VersionMoves_Versions_VersionId",
                        column: x => x.VersionId,
                        principalTable: "Versions",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "VersionMoveFiles",
                columns: table => new
                {
                    MoveId = table.Column<Guid>(type: "TEXT", nullable: false),
                    FromObjectId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    ToObjectId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    SizeBytes = table.Column<long>(type: "INTEGER", nullable: false),
                    Sha256 = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_VersionMoveFiles", x => new { x.MoveId, x.FromObjectId });
                    table.ForeignKey(
                        name: "FK_VersionMoveFiles_VersionMoves_MoveId",
                        column: x => x.MoveId,
                        principalTable: "VersionMoves",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_LastVerifiedAt",
                table: "Versions",
                column: "LastVerifiedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Versions_State_DeletedAt",
                table: "Versions",
                columns: new[] { "State", "DeletedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_Store_State_SizeBytes",
                table: "Versions",
                columns: new[] { "Store", "State", "SizeBytes" });

            migrationBuilder.CreateIndex(
                name: "IX_Versions_VerifyRequestedAt",
                table: "Versions",
                column: "VerifyRequestedAt");

            migrationBuilder.CreateIndex(
                name: "IX_VersionFiles_Sha256",
                table: "VersionFiles",
                column: "Sha256");

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoveFiles_ToObjectId",
                table: "VersionMoveFiles",
                column: "ToObjectId");

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoves_State_RequestedAt",
                table: "VersionMoves",
                columns: new[] { "State", "RequestedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_VersionMoves_VersionId",
                table: "VersionMoves",
                column: "VersionId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "RetentionRules");

            migrationBuilder.DropTable(
                name: "VersionMoveFiles");

            migrationBuilder.DropTable(
                name: "VersionMoves");

            migrationBuilder.DropIndex(
                name: "IX_Versions_LastVerifiedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_State_DeletedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_Store_State_SizeBytes",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_Versions_VerifyRequestedAt",
                table: "Versions");

            migrationBuilder.DropIndex(
                name: "IX_VersionFiles_Sha256",
                table: "VersionFiles");

            migrationBuilder.DropColumn(
                name: "DamageMessage",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "DeletedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "DeletedByName",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "LastVerifiedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "PurgedAt",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "StateBeforeDamage",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "StateBeforeDeletion",
                table: "Versions");

            migrationBuilder.DropColumn(
                name: "VerifyRequestedAt",
                table: "Versions");
        }
    }
}
