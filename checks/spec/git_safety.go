package spec

import (
	"github.com/alertnative/preflight/checker/spec"
	"github.com/alertnative/preflight/checks/internal/reasons"
)

// GitSafety describes the check Git Safety.
func GitSafety() spec.Spec {
	all := reasons.List{
		{
			Name: "dirty", Meaning: "tracked files differ from the commit",
			Remedy:        "commit the changes, or git restore the files",
			KoreanMeaning: "추적 중인 파일이 커밋과 다름", KoreanRemedy: "변경을 커밋하거나 git restore로 되돌릴 것",
		},
		{
			Name: "untracked_files", Meaning: "there are files that git does not know",
			Remedy:        "commit them, remove them, or name them in .gitignore",
			KoreanMeaning: "git이 모르는 파일이 있음", KoreanRemedy: "커밋하거나, 지우거나, .gitignore에 추가",
		},
		{
			Name: "wrong_branch", Meaning: "the checkout is on another branch than the expected one",
			Remedy:        "git switch to the branch that preflight.yml names",
			KoreanMeaning: "예상과 다른 브랜치가 체크아웃됨", KoreanRemedy: "preflight.yml에 지정된 브랜치로 git switch",
		},
		{
			Name: "wrong_tag", Meaning: "the commit has no tag that matches the expected pattern",
			Remedy:        "check out a released version, or tag this one",
			KoreanMeaning: "커밋에 예상한 형식의 태그가 없음", KoreanRemedy: "출시된 버전을 체크아웃하거나 태그를 달 것",
		},
		{
			Name: "no_commit", Meaning: "the repository has no commit",
			Remedy:        "commit the code that is to trade",
			KoreanMeaning: "저장소에 커밋이 없음", KoreanRemedy: "거래에 쓰일 코드를 커밋",
		},
		{
			Name: "tracked_secret", Meaning: "a file that looks like a secret is tracked",
			Remedy:        "git rm --cached the file, change the secret, and remove it from the history",
			KoreanMeaning: "비밀로 보이는 파일이 추적됨", KoreanRemedy: "git rm --cached로 제거하고, 비밀 값을 바꾸고, 이력에서도 제거",
		},
		{
			Name: "not_a_repository", Meaning: "the folder is not a git checkout",
			Remedy:        "correct repository in preflight.yml, or deploy a checkout",
			KoreanMeaning: "git 체크아웃이 아닌 폴더", KoreanRemedy: "preflight.yml의 repository를 수정하거나 체크아웃을 배포",
		},
		{
			Name: "no_git", Meaning: "the program git is not installed",
			Remedy:        "install git",
			KoreanMeaning: "git 프로그램이 없음", KoreanRemedy: "git을 설치",
		},
		{
			Name: "git_failed", Meaning: "git answered with an error",
			Remedy:        "read the detail; git config --global --add safe.directory if another user owns the checkout",
			KoreanMeaning: "git이 오류로 응답함", KoreanRemedy: "상세 내용 확인: 소유자가 다르면 git config --global --add safe.directory",
		},
		{
			Name: "timeout", Meaning: "git did not finish in time",
			Remedy:        "look at the size of the checkout and at the disk",
			KoreanMeaning: "git이 제한 시간 안에 끝나지 않음", KoreanRemedy: "체크아웃의 크기와 디스크 확인",
		},
	}
	return spec.Spec{
		Name:         "Git Safety",
		AtGate:       true,
		Looks:        "the checkout that would trade is clean, at the expected branch or tag, and tracks no secret file",
		Reasons:      all.English(),
		Translations: all.Korean("Git 안전성", "거래에 쓰일 체크아웃이 깨끗하고, 예상한 브랜치나 태그이며, 비밀 파일을 추적하지 않는지"),
	}
}
