-- The activity rules as data: did anything alarming happen? A row:
--
--   id, severity   the severity of its findings; `worst` is the highest, when some are graver
--   events         {product, names, basis (nil: documented, "inferred": in a product's API, "guessed")}; or
--   every          "write" or "any": every such event, in place of `events`
--   results        the results of calls that it looks at; by default those that went well
--   fails          when it fails
--   spares         what it leaves alone: the known false positives
--   guessed        the fields whose shape is guessed
--   compares       true: it needs the days before and is skipped without them; "adds": they make it graver or find more
--   before         of these days, what it must know: "login", "write" or "any" (every event)
--   judge          see identity.lua
--   fix            what to do; {user}, {key} and {address} are those of the finding
local exposure = require "cloudaudit.check.exposure"
local identity = require "cloudaudit.check.identity"
local volume = require "cloudaudit.check.volume"

local KEYS = "CreateAccessKey CreateApiKey CreateCollApiKey CreateProjectKey"
local POLICIES = "AttachUserPolicy AttachUserPolicies AttachGroupPolicy AttachGroupPolicies AttachRolePolicy "
  .. "AttachRolePolicies AttachUsersPolicy AttachGroupsPolicy AttachRolesPolicy BatchOperateCamStrategy "
  .. "UpdateCamStrategy CreatePolicy UpdatePolicy CreatePolicyVersion SetDefaultPolicyVersion AddUserToGroup "
  .. "AddSubAccountsToGroup"
local LOGIN = { { "account", "ConsoleLogin" } }

return {
  { id = "root.login", severity = "high", events = LOGIN, judge = identity.root_login,
    fails = "the root account logs in to the console", spares = "more than one login an hour is one finding",
    fix = "(use a sub-user; cloudaudit who {address})" },
  { id = "root.key", severity = "critical", every = "write", judge = identity.root_key,
    fails = "root writes through the API with a key", spares = "the temporary keys of the console",
    fix = "(delete the key {key} of the root account; cloudaudit who {key})" },
  { id = "login.no_mfa", severity = "high", events = LOGIN, judge = identity.no_mfa,
    fails = "a user logs in without MFA", spares = "roles, SSO and SAML; records that do not tell",
    guessed = "userIdentity.sessionContext.mfa", fix = "(require MFA of {user})" },
  { id = "login.failures", severity = "medium", worst = "high", events = LOGIN, judge = identity.login_failures,
    results = { ok = true, failed = true, denied = true },
    fails = "5 failed logins within 10 minutes of one user or from one address; then a successful one: high",
    fix = "(cloudaudit who {address}; change the password of {user})" },
  { id = "login.new_address", severity = "medium", events = LOGIN, judge = identity.login_new_address, compares = true,
    before = "login", fails = "a user logs in from a new network", spares = "other addresses of a known /24 or /48",
    fix = "(ask {user}; cloudaudit who {address})" },
  { id = "key.created", severity = "high", worst = "critical", judge = identity.key_created,
    events = { { "cam", KEYS .. " EnableApiKey EnableCollApiKey UpdateAccessKey" } },
    fails = "a key is created or enabled; for another user or root: critical", spares = "UpdateAccessKey to Inactive",
    guessed = "whose key it is, for the older actions", fix = "(ask {user}; delete the key)" },
  { id = "key.revealed", severity = "high", events = { { "account", "QueryKeyBySecretId" } },
    judge = identity.key_revealed, fails = "the secret of a key is shown", fix = "(ask {user}; replace the key)" },
  { id = "key.new_address", severity = "high", every = "any", judge = identity.key_new_address, compares = true,
    before = "any", fails = "a permanent key is used from a new address", spares = "temporary keys and roles",
    fix = "(cloudaudit who {key}; disable the key)" },
  { id = "user.created", severity = "medium", worst = "high", judge = identity.user_created,
    events = { { "cam", "AddUser AddSubAccount AddSubAccountCheckingMFA AddConsoleUser CreateSubAccounts " .. KEYS
      .. " " .. POLICIES } },
    fails = "a user is created; who then gives out a key or a policy within an hour: high",
    spares = "keys and policies without a new user before", fix = "(ask {user}; delete the new user)" },
  { id = "policy.widened", severity = "high", worst = "critical", events = { { "cam", POLICIES } },
    judge = exposure.policy,
    fails = "what somebody may do is changed; AdministratorAccess or everything on everything: critical",
    fix = "(cloudaudit who user:{user}; detach the policy)" },
  { id = "trust.widened", severity = "high", worst = "critical", judge = exposure.trust,
    events = { { "cam", "UpdateAssumeRolePolicy CreateRole CreateRoleByConsole CreateSAMLProvider UpdateSAMLProvider "
      .. "UpdateRoleConsoleLogin" }, { "cam", "CreateOIDCConfig CreateUserSAMLConfig", "inferred" } },
    fails = "who may assume a role or log in is changed; another account: critical",
    fix = "(cloudaudit who user:{user}; restore the trust policy)" },
  { id = "guard.removed", severity = "high", judge = identity.guard_removed,
    events = { { "cam", "DeleteRolePermissionsBoundary DeleteEntitiesPermissionsBoundary SetSafeAuthFlag UnbindStoken "
      .. "UpdatePasswordRules" }, { "cam", "DeleteUserPermissionsBoundary SetMfaFlag", "inferred" },
      { "account", "SetSafeAuthFlag UnbindToken SetOffsiteLoginFlag" } },
    fails = "a boundary, MFA or a rule for logins or passwords is changed", fix = "(ask {user}; restore it)" },
  { id = "trail.off", severity = "critical", judge = exposure.trail,
    events = { { "cloudaudit", "DeleteAuditTrack StopLogging DeleteAudit" },
      { "cloudaudit", "ModifyAuditTrack ModifyEventsAuditTrack", "inferred" } },
    results = { ok = true, unknown = true, denied = true, failed = true },
    fails = "a tracking set is deleted, turned off or made to record less; refused: high",
    spares = "modifications that leave it on and select everything",
    fix = "(cloudaudit tracks list; cloudaudit who user:{user})" },
  { id = "bucket.public", severity = "critical", judge = exposure.bucket,
    events = { { "cos", "PutBucketACL PutBucketPolicy PutBucketWebsite" } },
    fails = "a bucket is opened to everybody; a web site: medium", spares = "ACLs and policies for named principals",
    guessed = "the parameters of COS", fix = "(close the bucket; cloudaudit who user:{user})" },
  { id = "net.opened", severity = "high", worst = "critical", judge = exposure.network,
    events = { { "cvm", "CreateSecurityGroupPolicy ModifySecurityGroupPolicys ModifySingleSecurityGroupPolicy" },
      { "vpc", "CreateSecurityGroupPolicies CreateSecurityGroupWithPolicies ModifySecurityGroupPolicies "
        .. "ReplaceSecurityGroupPolicy ReplaceSecurityGroupPolicies", "inferred" } },
    fails = "a security group accepts everybody; ports 22, 3389, 3306, 6379 or all: critical; 80 and 443: low",
    spares = "outgoing traffic, named networks, and rules that drop", guessed = "the parameters of cvm's actions",
    fix = "(narrow the rule; cloudaudit who user:{user})" },
  { id = "net.rerouted", severity = "medium", judge = exposure.route,
    events = { { "vpc", "CreateRoute ModifyRoute AcceptVpcPeeringConnection AcceptVpcPeeringConnectionEx AddVpnConnEx "
      .. "ModifyNetworkAclEntries DeleteFlowLog" },
      { "vpc", "CreateRoutes ReplaceRoutes DisableFlowLogs", "inferred" } },
    fails = "a route, a peering, a VPN, a network ACL or a flow log is changed", fix = "(ask {user})" },
  { id = "data.shared_out", severity = "high", judge = exposure.shared,
    events = { { "cvm", "ModifyImageSharePermission" }, { "cbs", "ModifySnapshotsSharePermission", "inferred" } },
    fails = "an image or a snapshot is shared with other accounts", spares = "Permission CANCEL",
    fix = "(end the sharing; cloudaudit who user:{user})" },
  { id = "data.destroyed", severity = "high", every = "write", judge = volume.destroyed,
    fails = "10 or more deletions by one actor within 10 minutes", fix = "(cloudaudit who user:{user}; stop it)" },
  { id = "crypto.locked", severity = "high", judge = exposure.keys_locked,
    events = { { "kms", "ScheduleKeyDeletion DisableKey DisableKeys DeleteImportedKeyMaterial" } },
    fails = "an encryption key is disabled or will be deleted", fix = "(cancel the deletion, enable the key)" },
  { id = "machines.burst", severity = "high", events = { { "cvm", "RunInstances" } }, judge = volume.machines,
    compares = "adds", before = "write",
    fails = "10 or more machines within an hour by one actor; or some in a region without writes before",
    spares = "the role of autoscaling", guessed = "how the role of autoscaling is shown",
    fix = "(cloudaudit who user:{user}; terminate the machines)" },
  { id = "denied.storm", severity = "medium", worst = "high", every = "any", results = { denied = true },
    judge = volume.denied, compares = "adds", before = "any",
    fails = "10 or more denied calls within 10 minutes of one key, user or address; from a new address: high",
    fix = "(cloudaudit who {address}; disable the key {key})" },
  { id = "recon", severity = "medium", every = "any", judge = volume.recon, compares = true, before = "any",
    fails = "20 or more different Describe, List or Get calls on 5 or more products within an hour by one key from an "
      .. "address that is new for it", spares = "calls in the console",
    fix = "(cloudaudit who {key}; disable the key)" },
}
